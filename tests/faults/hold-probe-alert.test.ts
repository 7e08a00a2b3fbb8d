import { once } from 'node:events';
import { createServer } from 'node:http';
import { describe, expect, test } from 'vitest';
import { runBundle, startBundle } from '../helpers/bundle.ts';
import { onCleanup } from '../helpers/cleanup.ts';
import { createDatabase, createRole } from '../helpers/database.ts';
import { closedPort, freePort } from '../helpers/ports.ts';
import { startServer } from '../helpers/postgres.ts';
import { findSecrets } from '../helpers/secrets.ts';
import { createStandalone } from '../helpers/standalone.ts';
import { startWebhook as startTelling } from '../helpers/webhook.ts';

const TOKEN = 'T0K3N-of-the-webhook';

/** Answers as a load balancer sees it; undefined where nobody takes the connection. */
async function probe(port: number, path = '/api/health') {
  const response = await fetch(`http://127.0.0.1:${port}${path}`).catch(() => undefined);
  if (response === undefined) return undefined;
  const text = await response.text();
  return { status: response.status, type: response.headers.get('content-type'), text };
}

const startWebhook = (status: number | 'never') => startTelling(status, `/services/${TOKEN}`);

function expectNoSecret(body: unknown): void {
  const text = JSON.stringify(body);
  expect(findSecrets(text)).toEqual([]);
  expect(text).not.toContain(TOKEN);
}

describe('a held container', () => {
  const failures = {
    'a wrong password': { code: 'DATABASE_ACCESS_REFUSED', step: 'database', exitStatus: 77 },
    'a malformed configuration': { code: 'CONFIG_INVALID', step: 'config', exitStatus: 78 },
    'a build that is not complete': { code: 'BUILD_INCOMPLETE', step: 'build', exitStatus: 66 },
  };

  async function environmentOf(failure: string, url: string): Promise<Record<string, string>> {
    if (failure === 'a malformed configuration') return { DATABASE_URL: url, ENTRYPOINT_SEED: 'perhaps' };
    if (failure !== 'a wrong password') return { DATABASE_URL: url };
    const other = await createRole();
    const wrong = new URL(url);
    wrong.password = encodeURIComponent(other.password);
    return { DATABASE_URL: wrong.href };
  }

  test.each(Object.entries(failures))(
    'answers 503 with the code after %s, and TERM ends it with its code',
    async (failure, expected) => {
      const omit = failure === 'a build that is not complete' ? ['.next/BUILD_ID'] : [];
      const app = await createStandalone({ omit });
      const database = await createDatabase();
      const env = await environmentOf(failure, database.url);
      const boot = await startBundle({ dir: app.dir, env: { ...env, ENTRYPOINT_HOLD: '10m' } });
      await boot.waitForLog((log) => log.event === 'held' && log.holdMs === 600_000);
      const answer = await probe(boot.port);
      expect(answer).toMatchObject({ status: 503, type: expect.stringContaining('application/json') });
      const body: unknown = JSON.parse(answer?.text ?? '');
      expect(body).toEqual({
        status: 'failed',
        code: expected.code,
        step: expected.step,
        at: expect.any(String),
      });
      expectNoSecret(body);
      boot.kill('SIGTERM');
      expect(await boot.exit).toMatchObject({ code: expected.exitStatus, signal: null });
    },
  );

  test('is let go when the time is over, with the code of the failure', async () => {
    const app = await createStandalone();
    const { code, logs } = await runBundle({ dir: app.dir, env: { ENTRYPOINT_HOLD: '300ms' } });
    expect(code).toBe(78);
    expect(logs).toContainEqual(expect.objectContaining({ event: 'held', holdMs: 300 }));
  });

  test('is held although the port is taken, and says so', async () => {
    const app = await createStandalone();
    const blocker = createServer();
    const port = await freePort();
    blocker.listen(port);
    await once(blocker, 'listening');
    onCleanup(() => void blocker.close());
    const boot = await startBundle({ dir: app.dir, env: { ENTRYPOINT_HOLD: '10m', PORT: String(port) } });
    await boot.waitForLine(/cannot answer probes while held: listening on port \d+ failed \(EADDRINUSE\)/);
    await boot.waitForLog((log) => log.event === 'held' && log.holdMs === 600_000);
    boot.kill('SIGTERM');
    expect(await boot.exit).toMatchObject({ code: 78 });
  });

  test('is not made of a failure that passes by itself', async () => {
    const app = await createStandalone();
    const DATABASE_URL = `postgresql://app@127.0.0.1:${await closedPort()}/app`;
    const env = { DATABASE_URL, ENTRYPOINT_DB_TIMEOUT: '200ms', ENTRYPOINT_HOLD: '10m' };
    const { code, logs } = await runBundle({ dir: app.dir, env });
    expect(code).toBe(69);
    expect(logs.filter(({ event }) => event === 'held')).toEqual([]);
  });

  test('is not made of a command that is no boot', async () => {
    const app = await createStandalone();
    const { code } = await runBundle({ dir: app.dir, args: ['migrate'], env: { ENTRYPOINT_HOLD: '10m' } });
    expect(code).toBe(78);
  });
});

describe('probes while the boot waits for its database', () => {
  test('are answered, and the server takes the port over: one retry sees no outage', async () => {
    const server = await startServer();
    const database = await createDatabase({ server });
    await server.stop();
    const app = await createStandalone();
    const boot = await startBundle({
      dir: app.dir,
      env: { DATABASE_URL: database.url, ENTRYPOINT_BOOT_PROBE: 'on' },
    });
    await boot.waitForLog({ step: 'database', event: 'retry' });
    expect(await probe(boot.port, '/api/health/live')).toMatchObject({ status: 200 });
    const starting = await probe(boot.port);
    expect(starting).toMatchObject({ status: 503, type: expect.stringContaining('application/json') });
    expect(JSON.parse(starting?.text ?? '')).toMatchObject({
      status: 'starting',
      phase: 'database',
      forMs: expect.any(Number),
      elapsedMs: expect.any(Number),
    });
    await server.start();
    for (let answer = starting; answer?.status !== 200; ) {
      answer = await probe(boot.port);
      if (answer === undefined) {
        // The one retry: the port belongs to the server by now.
        await boot.waitForServer();
        answer = await probe(boot.port);
        expect(answer).toMatchObject({ status: 200, text: 'polite\n' });
      }
      expect([200, 503]).toContain(answer?.status);
    }
    boot.kill('SIGTERM');
    expect(await boot.exit).toMatchObject({ code: 143 });
  });

  test('are given up with a warning where the port is taken, and the boot goes on', async () => {
    const server = await startServer();
    const database = await createDatabase({ server });
    await server.stop();
    const app = await createStandalone();
    const blocker = createServer();
    const port = await freePort();
    blocker.listen(port);
    await once(blocker, 'listening');
    const boot = await startBundle({
      dir: app.dir,
      env: { DATABASE_URL: database.url, ENTRYPOINT_BOOT_PROBE: 'on', PORT: String(port) },
    });
    const warning = await boot.waitForLog({ event: 'unprobed' });
    expect(warning.msg).toContain('EADDRINUSE');
    blocker.close();
    await server.start();
    await boot.waitForServer();
    expect(await probe(boot.port)).toMatchObject({ status: 200 });
  });
});

describe('the alert webhook', () => {
  test('gets one message about a boot that failed, without a secret', async () => {
    const webhook = await startWebhook(200);
    const app = await createStandalone({ migrations: { '0001_broken': 'CREATE TABLE a (x nothing)' } });
    const database = await createDatabase();
    const { code } = await runBundle({
      dir: app.dir,
      env: {
        DATABASE_URL: database.url,
        ENTRYPOINT_ALERT_WEBHOOK: webhook.url,
        ENTRYPOINT_IMAGE_REVISION: 'abc123',
      },
    });
    expect(code).toBe(65);
    expect(webhook.bodies).toEqual([
      {
        text: expect.stringContaining('MIGRATION_FAILED'),
        zarpe: {
          event: 'boot-failed',
          code: 'MIGRATION_FAILED',
          exitStatus: 65,
          step: 'migrate',
          summary: expect.stringContaining('0001_broken'),
          host: expect.any(String),
          revision: 'abc123',
        },
      },
    ]);
    expectNoSecret(webhook.bodies);
  });

  test('gets the problems of a malformed configuration, and none of its secrets', async () => {
    const webhook = await startWebhook(204);
    const app = await createStandalone();
    const { password } = await createRole();
    const env = {
      DATABASE_URL: `postgresql://app:${password}@db/app`,
      ENTRYPOINT_ALERT_WEBHOOK: webhook.url,
    };
    const { code } = await runBundle({ dir: app.dir, env });
    expect(code).toBe(78);
    expect(webhook.bodies).toEqual([
      expect.objectContaining({
        zarpe: expect.objectContaining({ code: 'CONFIG_INVALID', step: 'config', revision: null }),
      }),
    ]);
    expectNoSecret(webhook.bodies);
  });

  test('gets a message about a server that dies', async () => {
    const webhook = await startWebhook(200);
    const app = await createStandalone({ server: 'crashing' });
    const database = await createDatabase();
    const env = {
      DATABASE_URL: database.url,
      ENTRYPOINT_ALERT_WEBHOOK: webhook.url,
      FIXTURE_EXIT_CODE: '7',
    };
    expect(await runBundle({ dir: app.dir, env })).toMatchObject({ code: 7 });
    expect(webhook.bodies).toEqual([
      {
        text: expect.stringContaining('the server exited unexpectedly'),
        zarpe: expect.objectContaining({ event: 'server-died', exitStatus: 7, step: 'server' }),
      },
    ]);
  });

  test('is not told of an end that was asked for', async () => {
    const webhook = await startWebhook(200);
    const app = await createStandalone();
    const database = await createDatabase();
    const env = { DATABASE_URL: database.url, ENTRYPOINT_ALERT_WEBHOOK: webhook.url };
    const boot = await startBundle({ dir: app.dir, env });
    await boot.waitForServer();
    boot.kill('SIGTERM');
    expect(await boot.exit).toMatchObject({ code: 143 });
    expect(webhook.bodies).toEqual([]);
  });

  test('gets the message again after it answers 500, and the boot ends with its own code', async () => {
    const webhook = await startWebhook(500);
    const app = await createStandalone();
    const { code } = await runBundle({ dir: app.dir, env: { ENTRYPOINT_ALERT_WEBHOOK: webhook.url } });
    expect(code).toBe(78);
    expect(webhook.bodies).toHaveLength(2);
    expect(webhook.bodies[1]).toEqual(webhook.bodies[0]);
  });

  test('does not send the payload to where it redirects', async () => {
    const elsewhere = await startWebhook(200);
    const webhook = await startTelling(307, '/services/', { location: elsewhere.url });
    const app = await createStandalone();
    const env = { ENTRYPOINT_ALERT_WEBHOOK: webhook.url };
    const { code, logs } = await runBundle({ dir: app.dir, env });
    expect(code).toBe(78);
    expect(webhook.bodies).toHaveLength(2);
    expect(elsewhere.bodies).toEqual([]);
    expect(logs).toContainEqual(
      expect.objectContaining({ event: 'alert', msg: expect.stringContaining('307') }),
    );
  });

  test('shows what a message quotes, and no markup that is in it', async () => {
    const webhook = await startWebhook(200);
    const app = await createStandalone({
      migrations: { '0001': 'SELECT "<!channel> & <https://evil|click> @all [click](https://evil)"' },
    });
    const database = await createDatabase();
    const env = { DATABASE_URL: database.url, ENTRYPOINT_ALERT_WEBHOOK: webhook.url };
    expect(await runBundle({ dir: app.dir, env })).toMatchObject({ code: 65 });
    expect(webhook.bodies).toEqual([
      {
        text: expect.stringContaining(
          '&lt;!channel&gt; &amp; &lt;https://evil|click&gt; @\u200ball [click]\u200b(',
        ),
        zarpe: expect.objectContaining({
          summary: expect.stringContaining('<!channel> & <https://evil|click>'),
        }),
      },
    ]);
  });

  test('is refused where its address has credentials: 78', async () => {
    const app = await createStandalone();
    const env = { DATABASE_URL: 'postgresql://a@b/c', ENTRYPOINT_ALERT_WEBHOOK: 'https://user@chat/hook' };
    const { code, stdout } = await runBundle({ dir: app.dir, env });
    expect(code).toBe(78);
    expect(stdout).toContain('ENTRYPOINT_ALERT_WEBHOOK: expected an http or https URL without credentials');
  });

  test('does not keep the boot from ending when it never answers', async () => {
    const webhook = await startWebhook('never');
    const app = await createStandalone();
    const { code, logs } = await runBundle({ dir: app.dir, env: { ENTRYPOINT_ALERT_WEBHOOK: webhook.url } });
    expect(code).toBe(78);
    expect(logs.filter(({ event }) => event === 'alert')).toHaveLength(2);
  });
});
