import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createFolder } from '../helpers/workspace.ts';
import { docker } from './helpers/docker.ts';

const ROOT = join(import.meta.dirname, '../..');

test('every value of .env.example reaches the containers as it was written, a $ too', async () => {
  const value = (name: string) => `a$${name}$$b \\ "c" #d`;
  const example = await readFile(join(ROOT, '.env.example'), 'utf8');
  const names = [...example.matchAll(/^([A-Z_]+)=''$/gm)].map(([, name = '']) => name);
  expect(names).toEqual(['POSTGRES_PASSWORD', 'SEED_ADMIN_PASSWORD']);
  const filled = example.replace(/^([A-Z_]+)=''$/gm, (_, name: string) => `${name}='${value(name)}'`);
  const file = join(await createFolder('env'), '.env');
  await writeFile(file, filled);
  const base = ['compose', '--project-directory', ROOT, '--file', join(ROOT, 'docker-compose.yml')];
  const { services } = JSON.parse(await docker([...base, '--env-file', file, 'config', '--format', 'json']));
  // In what it prints, Compose doubles each $.
  const given = (text: string) => text.replaceAll('$$', '$');
  expect(given(services.postgres.environment.POSTGRES_PASSWORD)).toBe(value('POSTGRES_PASSWORD'));
  expect(given(services.app.environment.DATABASE_PASSWORD)).toBe(value('POSTGRES_PASSWORD'));
  expect(given(services.app.environment.SEED_ADMIN_PASSWORD)).toBe(value('SEED_ADMIN_PASSWORD'));
});
