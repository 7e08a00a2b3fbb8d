import { expect, inject, test } from 'vitest';
import { type Container, startContainer } from './helpers/container.ts';
import './helpers/context.ts';
import { createNetwork } from './helpers/networks.ts';
import { startPostgres } from './helpers/postgres.ts';

const CASES = (['image', 'distroless'] as const).flatMap((name) =>
  (['spawn', 'exec'] as const).map((handover) => [name, handover] as const),
);

test.each(CASES)(
  'the %s (%s) boots with no network but the database, and the kernel counts no other connection, lookup or attempt',
  async (name, handover) => {
    const network = await createNetwork('--internal');
    const postgres = await startPostgres(network, { log_connections: 'on' });
    const { url } = await postgres.createDatabase();
    const address = await addressOf(postgres.container);
    const app = await startContainer({
      image: inject(name),
      network,
      // By address, so that not even a name has to be looked up.
      env: { DATABASE_URL: url.replace(postgres.host, address), ENTRYPOINT_HANDOVER: handover },
      // Its checks connect over the loopback interface, which the kernel counts too.
      healthcheck: false,
    });
    await app.waitForLine(handover === 'spawn' ? /"event":"ready"/ : /Ready in/);
    const counters = await readCounters(app);
    const from = `connection received: host=${await addressOf(app)} `;
    const received = postgres.container.lines.filter((line) => line.includes(from)).length;
    expect(received).toBeGreaterThan(0);
    // A supervisor asks its own server whether it answers yet: each time one more accepted, or refused.
    const own = handover === 'spawn' ? counters.PassiveOpens + counters.AttemptFails : 0;
    expect(counters.ActiveOpens).toBe(received + own);
    expect(counters.OutNoRoutes).toBe(0);
    expect(counters.OutDatagrams).toBe(0);
  },
);

test('the counters would have shown a connection to the outside and a lookup', async () => {
  const network = await createNetwork('--internal');
  const app = await startContainer({
    image: inject('image'),
    network,
    command: ['sleep', '600'],
    healthcheck: false,
  });
  const before = await readCounters(app);
  const connect =
    "require('net').connect(80, '192.0.2.1').on('error', () => undefined); setImmediate(() => process.exit())";
  await app.exec(['node', '-e', connect]);
  await app.exec(['node', '-e', "require('dns').lookup('registry.example', () => process.exit())"]);
  const after = await readCounters(app);
  // Whether there is a way out that leads nowhere, or none at all, depends on the engine.
  const attempts = ({ ActiveOpens, OutNoRoutes }: Counters) => ActiveOpens + OutNoRoutes;
  expect(attempts(after)).toBeGreaterThan(attempts(before));
  expect(after.OutDatagrams).toBeGreaterThan(before.OutDatagrams);
});

function addressOf(container: Container): Promise<string> {
  return container.inspect('{{range .NetworkSettings.Networks}}{{.IPAddress}}{{end}}');
}

interface Counters {
  /** TCP connections begun, accepted, and refused, on the loopback interface too. */
  ActiveOpens: number;
  PassiveOpens: number;
  AttemptFails: number;
  /** Packets for which there was no way out. */
  OutNoRoutes: number;
  /** UDP: nothing but name lookups sends any. */
  OutDatagrams: number;
}

/** The kernel's, of the container's network namespace. */
async function readCounters(app: Container): Promise<Counters> {
  const text = await app.exec(['node', '-p', "require('fs').readFileSync('/proc/net/snmp', 'utf8')"]);
  const read = (protocol: string, counter: string): number => {
    const [names = [], values = []] = text
      .split('\n')
      .filter((line) => line.startsWith(`${protocol}: `))
      .map((line) => line.split(' '));
    const value = values[names.indexOf(counter)];
    if (value === undefined) throw new Error(`the kernel does not count ${protocol} ${counter}`);
    return Number(value);
  };
  return {
    ActiveOpens: read('Tcp', 'ActiveOpens'),
    PassiveOpens: read('Tcp', 'PassiveOpens'),
    AttemptFails: read('Tcp', 'AttemptFails'),
    OutNoRoutes: read('Ip', 'OutNoRoutes'),
    OutDatagrams: read('Udp', 'OutDatagrams'),
  };
}
