import { get } from 'node:https';
import { setTimeout as pause } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { createProject, type Project } from './helpers/compose.ts';
import { deriveImage } from './helpers/images.ts';
import { keepAsking } from './helpers/keep-asking.ts';

test('the proxy speaks TLS, balances over three replicas, and leaves out one that is sick and one that is stopped', async () => {
  const image = await deriveImage({ server: 'named' });
  const project = await createProject({
    env: {
      APP_IMAGE: image,
      COMPOSE_PROFILES: 'proxy',
      PROXY_BIND: '127.0.0.1',
      PROXY_HTTP_PORT: '0',
      PROXY_HTTPS_PORT: '0',
    },
  });
  await project.up('--scale', 'app=3', 'app', 'proxy');
  await project.waitForLine('proxy', 'serving initial configuration');
  const ask = await createClient(project);
  const names = await Promise.all(
    [1, 2, 3].map((number) => project.inspect('app', '{{.Config.Hostname}}', number)),
  );
  expect(await answering(ask)).toEqual(new Set(names));

  // Told so itself, from inside: the proxy finds out by its checks.
  const fetchSicken = "fetch('http://127.0.0.1:3000/sicken').then(() => process.exit())";
  await project.compose('exec', '-T', '--index', '1', 'app', 'node', '-e', fetchSicken);
  while ((await answering(ask)).has(names[0] ?? '')) await pause(200);
  expect(await answering(ask)).toEqual(new Set(names.slice(1)));

  // Stopped under requests: not one of them fails.
  const asking = keepAsking(ask);
  await asking.until(20);
  await project.stop('app', 2);
  await asking.until(40);
  expect(await asking.end()).toEqual([]);
  expect(await answering(ask)).toEqual(new Set(names.slice(2)));
});

interface Answer {
  status: number;
  replica: string;
}

type Client = () => Promise<Answer>;

/** A client that trusts the proxy's own authority, and nothing else. */
async function createClient(project: Project): Promise<Client> {
  const ca = await project.compose(
    'exec',
    '-T',
    'proxy',
    'cat',
    '/data/caddy/pki/authorities/local/root.crt',
  );
  const port = (await project.compose('port', 'proxy', '443')).split(':').at(-1);
  return () =>
    new Promise((resolve, reject) => {
      const url = `https://localhost:${port}/`;
      get(url, { ca, servername: 'localhost', host: '127.0.0.1', agent: false }, (response) => {
        response
          .resume()
          .on('end', () =>
            resolve({ status: response.statusCode ?? 0, replica: String(response.headers['x-replica']) }),
          );
      }).on('error', reject);
    });
}

/** The replicas that answer a round of requests. */
async function answering(ask: Client): Promise<Set<string>> {
  const answers: Answer[] = [];
  for (let round = 0; round < 5; round += 1)
    answers.push(...(await Promise.all(Array.from({ length: 6 }, ask))));
  return new Set(answers.map(({ replica }) => replica));
}
