import { setTimeout as pause } from 'node:timers/promises';
import { beforeAll, expect, test } from 'vitest';
import { type Container, startContainer } from './helpers/container.ts';
import { deriveImage } from './helpers/images.ts';
import { createNetwork } from './helpers/networks.ts';
import { type PostgresContainer, startPostgres } from './helpers/postgres.ts';

const ORPHANS = 3;
let network: string;
let postgres: PostgresContainer;

beforeAll(async () => {
  network = await createNetwork();
  postgres = await startPostgres(network);
});

test.each(['spawn', 'exec'])(
  'with --init no zombie is left of the orphans a server leaves behind (%s)',
  async (handover) => {
    const app = await bootOrphans(handover, ['--init']);
    const { pids } = await app.waitForLog({ fixture: 'orphans', event: 'orphaned' });
    expect(pids).toHaveLength(ORPHANS);
    await untilEnded(app, pids);
    expect(await states(app)).not.toContain('Z');
    await app.stop();
    expect(await app.exit).toBe(143);
  },
);

test('without --init they stay, as Node.js cannot reap them: the test can tell', async () => {
  const app = await bootOrphans('spawn', []);
  const { pids } = await app.waitForLog({ fixture: 'orphans', event: 'orphaned' });
  await untilEnded(app, pids);
  expect((await states(app)).filter((state) => state === 'Z')).toHaveLength(ORPHANS);
});

async function bootOrphans(handover: string, options: string[]): Promise<Container> {
  const { url } = await postgres.createDatabase();
  const env = {
    DATABASE_URL: url,
    ENTRYPOINT_HANDOVER: handover,
    FIXTURE_ORPHANS: String(ORPHANS),
    FIXTURE_ORPHAN_LIFE_MS: '500',
  };
  return startContainer({ image: await deriveImage({ server: 'orphans' }), network, env, options });
}

/** Until none of the processes runs any more: gone, or a zombie. */
async function untilEnded(app: Container, pids: unknown): Promise<void> {
  const script = `for (const pid of ${JSON.stringify(pids)}) {
    let stat = ''; try { stat = require('fs').readFileSync('/proc/' + pid + '/stat', 'utf8'); } catch {}
    if (stat !== '' && !/\\) Z /.test(stat)) process.exit(1);
  }`;
  while (
    !(await app.exec(['node', '-e', script]).then(
      () => true,
      () => false,
    ))
  )
    await pause(100);
}

/** The state of every process in the container, as the kernel names it. */
async function states(app: Container): Promise<string[]> {
  const script = `for (const pid of require('fs').readdirSync('/proc')) if (/^\\d+$/.test(pid)) {
    try { console.log(/\\) (\\w) /.exec(require('fs').readFileSync('/proc/' + pid + '/stat', 'utf8'))[1]); } catch {}
  }`;
  return (await app.exec(['node', '-e', script])).split('\n');
}
