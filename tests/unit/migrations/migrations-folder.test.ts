import { createHash } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { matchesChecksum, readMigrationsFolder } from '../../../entrypoint/migrations/migrations-folder.ts';

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), 'zarpe-migrations-'));
});
afterEach(() => rmSync(dir, { recursive: true }));

function add(name: string, script: string | Buffer | undefined): void {
  mkdirSync(join(dir, name), { recursive: true });
  if (script !== undefined) writeFileSync(join(dir, name, 'migration.sql'), script);
}

const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex');

describe('readMigrationsFolder', () => {
  test('sorts bytewise, as Prisma does', () => {
    const names = [
      '10_b',
      '9_a',
      'Zebra',
      '_first',
      'apple',
      'a copy',
      'äpfel',
      '20260101_init.sql',
      '20260101_init',
    ];
    for (const name of names) add(name, 'SELECT 1');
    expect(readMigrationsFolder(dir).migrations.map(({ name }) => name)).toEqual([
      '10_b',
      '20260101_init',
      '20260101_init.sql',
      '9_a',
      'Zebra',
      '_first',
      'a copy',
      'apple',
      'äpfel',
    ]);
  });

  test('keeps a script byte for byte, its checksum over those bytes', () => {
    const script = Buffer.from('\uFEFFSELECT 1;\r\n');
    add('0001', script);
    const { migrations } = readMigrationsFolder(dir);
    expect(migrations).toEqual([{ name: '0001', script }]);
    expect(migrations.map((migration) => matchesChecksum(migration, sha256(script)))).toEqual([true]);
  });

  test('follows links to folders, and leaves everything else alone', () => {
    add('0001', 'SELECT 1');
    symlinkSync(join(dir, '0001'), join(dir, '0002'));
    writeFileSync(join(dir, 'migration_lock.toml'), 'provider = "postgresql"\n');
    writeFileSync(join(dir, '.DS_Store'), '');
    writeFileSync(join(dir, 'notes.sql'), 'SELECT 2');
    const folder = readMigrationsFolder(dir);
    expect(folder.migrations.map(({ name }) => name)).toEqual(['0001', '0002']);
    expect(folder).toMatchObject({ problems: [], lock: 'provider = "postgresql"\n' });
  });

  test('names each folder without its script, and reads the others', () => {
    add('0001', undefined);
    add('0002', 'SELECT 1');
    mkdirSync(join(dir, '0003', 'migration.sql'), { recursive: true });
    symlinkSync(join(dir, 'nowhere'), join(dir, '0004'));
    const { migrations, problems } = readMigrationsFolder(dir);
    expect(migrations.map(({ name }) => name)).toEqual(['0002']);
    expect(problems).toMatchObject([
      { what: join(dir, '0001', 'migration.sql'), got: 'ENOENT' },
      { what: join(dir, '0003', 'migration.sql'), got: 'a folder' },
      { what: join(dir, '0004', 'migration.sql'), got: 'ENOENT' },
    ]);
  });

  test('migrations in code between those in SQL are one problem, which says to keep them', () => {
    add('0001', 'SELECT 1');
    for (const [name, file] of [
      ['0002', 'migration.ts'],
      ['0003', 'migration.mjs'],
      ['0004', 'data-migration.ts'],
    ] as const) {
      add(name, undefined);
      writeFileSync(join(dir, name, file), 'throw new Error("not run");');
    }
    // Beside a script it is not ours, as it is not Prisma's.
    add('0005', 'SELECT 1');
    writeFileSync(join(dir, '0005', 'migration.ts'), '');
    const { migrations, problems } = readMigrationsFolder(dir);
    expect(migrations.map(({ name }) => name)).toEqual(['0001', '0005']);
    expect(problems).toEqual([
      expect.objectContaining({
        what: dir,
        got: '3 migrations written as code, for another program than Prisma',
        details: ['0002/migration.ts', '0003/migration.mjs', '0004/data-migration.ts'],
      }),
    ]);
    expect(problems[0]?.hint).toMatch(/^Do not delete them/);
  });

  test('names ten of many migrations in code, and counts the others', () => {
    for (let number = 10; number < 23; number += 1) {
      add(String(number), undefined);
      writeFileSync(join(dir, String(number), 'migration.ts'), '');
    }
    const [problem] = readMigrationsFolder(dir).problems;
    expect(problem?.details).toHaveLength(11);
    expect(problem?.details?.at(-1)).toBe('and 3 more');
  });

  test('says so where the folder is none', () => {
    const file = join(dir, 'migrations');
    writeFileSync(file, '');
    expect(readMigrationsFolder(file)).toMatchObject({
      migrations: [],
      problems: [{ what: file, got: 'ENOTDIR' }],
    });
  });

  test('tells no lock file from an empty one', () => {
    expect(readMigrationsFolder(dir).lock).toBeNull();
    writeFileSync(join(dir, 'migration_lock.toml'), '');
    expect(readMigrationsFolder(dir).lock).toBe('');
  });
});

describe('matchesChecksum', () => {
  const migration = (text: string) => ({ name: 'a', script: Buffer.from(text), checksum: sha256(text) });

  test('is about the text, whatever its line endings', () => {
    for (const text of ['a\nb\n', 'a\r\nb\r\n']) {
      expect(matchesChecksum(migration(text), sha256('a\nb\n'))).toBe(true);
      expect(matchesChecksum(migration(text), sha256('a\r\nb\r\n'))).toBe(true);
      expect(matchesChecksum(migration(text), sha256('a\nc\n'))).toBe(false);
    }
  });

  test('takes mixed line endings at their word', () => {
    expect(matchesChecksum(migration('a\r\nb\n'), sha256('a\r\nb\n'))).toBe(true);
  });
});
