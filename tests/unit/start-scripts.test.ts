import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { parseConfigFile } from '../../entrypoint/config/config-file.ts';
import { resolveEnvironment } from '../../entrypoint/config/environment.ts';
import { readConfig } from '../../entrypoint/config.ts';

const docs = ['start-scripts.md', 'hooks.md', 'configuration.md', 'run-time-values.md'];
const URL = 'postgresql://app@db/app';
/** What the documents say that the environment holds. */
const ENVIRONMENT = {
  DATABASE_URL: URL,
  POSTGRES_PRISMA_URL: URL,
  NEXT_PUBLIC_BASE_URL: 'https://app.example',
  AUTH_SECRET: 'f3a9'.repeat(8),
  NEXTAUTH_SECRET: 'f3a9'.repeat(8),
  NEXTAUTH_URL: 'https://app.example',
};

function settingsIn(name: string): string[] {
  const text = readFileSync(join(import.meta.dirname, '../../docs', name), 'utf8');
  return [...text.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json = '']) => json);
}

describe.each(docs)('each zarpe.config.json in docs/%s', (name) => {
  test.each(settingsIn(name))('is accepted: %j', (json) => {
    const file = parseConfigFile(json);
    expect(file.problems).toEqual([]);
    const known = Object.keys(file.values).length + Object.keys(file.sections).length;
    expect(known).toBeGreaterThan(0);
    expect(readConfig(resolveEnvironment(ENVIRONMENT, file), '/app')).toBeDefined();
  });
});

test('docs/start-scripts.md has one for each of nine kinds of script', () => {
  expect(settingsIn('start-scripts.md')).toHaveLength(9);
});
