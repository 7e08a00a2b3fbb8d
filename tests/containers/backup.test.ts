import { beforeAll, describe, expect, test } from 'vitest';
import { onCleanup } from '../helpers/cleanup.ts';
import { createProject, type Project } from './helpers/compose.ts';
import type { DockerResult } from './helpers/docker.ts';

const ROWS = 'SELECT string_agg(id::text, $$,$$ ORDER BY id) FROM notes';

/** A project with a database in it, and the backup service at hand but not on its own schedule. */
async function createNotes(env: Record<string, string> = {}): Promise<Project> {
  const project = await createProject({ env });
  await project.up('postgres');
  await asApp(project, 'CREATE TABLE notes (id int PRIMARY KEY, text text)');
  await asApp(project, "INSERT INTO notes SELECT n, repeat('note ', 50) || n FROM generate_series(1, 200) n");
  return project;
}

describe('a backup', () => {
  test('is made at once where there is none, verified, and healthy; one JSON line tells of it', async () => {
    const project = await createNotes();
    await project.up('backup');
    await project.waitForLine('backup', '"event":"written"');
    const [line = '{}'] = (await backupLines(project)).filter((text) => text.includes('"event":"written"'));
    const log = JSON.parse(line);
    expect(log).toMatchObject({ level: 'info', step: 'backup', daily: 1, weekly: 1 });
    expect(log.bytes).toBeGreaterThan(1000);
    expect(await listed(project)).toHaveLength(2);
    expect((await backup(project, 'verify')).code).toBe(0);
    expect(await backup(project, 'health')).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('last good backup'),
    });
    expect(log.msg).toContain('dumped and verified');
    expect(await files(project)).not.toContain('.partial');
  });

  test('waits for a database that has no tables yet', async () => {
    const project = await createProject();
    await project.up('backup');
    await project.waitForLine('backup', '"event":"waiting"');
    expect(await listed(project)).toEqual([]);
    expect((await backup(project, 'health')).code).toBe(0);
  });

  test('is kept as long as it is among the newest of its day and of its week, and no longer', async () => {
    const project = await createNotes({ BACKUP_KEEP_DAILY: '3', BACKUP_KEEP_WEEKLY: '2' });
    // Those of five days and three weeks before, as the service would have left them.
    await inBackups(
      project,
      `keep() { echo old >"$1.dump"; (cd "\${1%/*}" && sha256sum "\${1##*/}.dump" >"\${1##*/}.dump.sha256"); }
       mkdir -p daily weekly
       for day in 01 02 03 04 05; do keep "daily/202001\${day}T031500Z"; done
       for week in 01 02 03; do keep "weekly/2020-W$week-20200101T031500Z"; done`,
    );
    expect((await backup(project, 'once')).stdout).toContain('"daily":3,"weekly":2');
    const kept = await files(project);
    expect(kept.match(/daily\/\S+\.dump$/gm)).toHaveLength(3);
    expect(kept).toContain('daily/20200105T031500Z.dump');
    expect(kept).toContain('daily/20200104T031500Z.dump');
    expect(kept).not.toContain('20200103T031500Z');
    expect(kept).toContain('weekly/2020-W03-');
    expect(kept).not.toContain('weekly/2020-W02-');
  });

  test('that failed is told of, leaves nothing behind, and removes none of the good ones', async () => {
    const project = await createNotes();
    await backup(project, 'once');
    const before = await listed(project);
    await project.query('ALTER ROLE zarpe NOLOGIN');
    const { code, stdout } = await backup(project, 'once');
    expect(code).toBe(1);
    expect(stdout).toMatch(/"level":"error".*"event":"failed".*pg_dump failed: .*not permitted to log in/);
    expect(await listed(project)).toEqual(before);
    expect(await files(project)).not.toContain('.partial');
  });

  test('that is too old makes the service unhealthy', async () => {
    const project = await createNotes();
    await backup(project, 'once');
    await inBackups(project, 'echo "$(($(date +%s) - 27 * 3600)) $(cut -d" " -f2 .last-good)" >.last-good');
    expect(await backup(project, 'health')).toMatchObject({
      code: 1,
      stdout: 'no good backup for more than 26 hours\n',
    });
  });

  test.each([
    ['changed in the middle', 'dd if=/dev/zero of="$dump" bs=1 seek=1000 count=8 conv=notrunc 2>/dev/null'],
    ['cut short', 'head -c 1000 "$dump" >short && cat short >"$dump" && rm short'],
    ['emptied', ': >"$dump"'],
  ])('that was %s is noticed, set aside, and makes the service unhealthy', async (_how, damage) => {
    const project = await createNotes();
    await backup(project, 'once');
    await inBackups(project, `for dump in daily/*.dump; do ${damage}; done`);
    const { code, stdout } = await backup(project, 'verify');
    expect(code).toBe(1);
    expect(stdout).toContain('"event":"damaged"');
    expect(await files(project)).toContain('.dump.damaged');
    expect((await backup(project, 'health')).stdout).toContain('damaged: /backups/daily/');
    expect((await restore(project, 'latest')).code).toBe(66);
  });

  test('service refuses settings that make no sense, each by its name', async () => {
    for (const [name, value] of [
      ['BACKUP_AT', '25:00'],
      ['BACKUP_KEEP_DAILY', '0'],
      ['BACKUP_MAX_AGE_HOURS', 'soon'],
    ] as const) {
      const project = await createProject({ env: { [name]: value } });
      const { code, stdout } = await project.tryCompose('run', '--rm', '--no-deps', 'backup', 'once');
      expect(code).toBe(78);
      expect(stdout).toContain(`${name}: expected`);
    }
  });
});

describe('restore', () => {
  let project: Project;

  beforeAll(async () => {
    project = await createNotes();
    expect((await backup(project, 'once')).code).toBe(0);
  });

  test('refuses a database that has tables, and changes nothing in it', async () => {
    await asApp(project, 'DELETE FROM notes WHERE id > 100');
    const before = await project.query(ROWS);
    const { code, stdout } = await restore(project, 'latest');
    expect(code).toBe(77);
    expect(stdout).toContain('refused: database `zarpe` has 1 tables');
    expect(await project.query(ROWS)).toBe(before);
  });

  test('with --force brings every row back, and keeps what was there in another database', async () => {
    await asApp(project, 'DELETE FROM notes WHERE id > 50');
    expect((await restore(project, '--force', 'latest')).code).toBe(0);
    expect(await project.query('SELECT count(*) FROM notes')).toBe('200');
    const former = await project.query(
      "SELECT datname FROM pg_database WHERE datname LIKE 'zarpe\\_before\\_%'",
    );
    expect(await project.query('SELECT count(*) FROM notes', former)).toBe('50');
    expect(await asApp(project, 'SELECT count(*) FROM notes')).toBe('200');
    expect(await project.query("SELECT count(*) FROM pg_database WHERE datname LIKE '%restoring%'")).toBe(
      '0',
    );
    await project.query(`DROP DATABASE "${former}"`, 'postgres');
  });

  test('fills a database that is empty or not there, which the app then owns', async () => {
    for (const make of ['CREATE DATABASE zarpe OWNER zarpe', 'SELECT 1']) {
      await project.query('DROP DATABASE zarpe WITH (FORCE)', 'postgres');
      await project.query(make, 'postgres');
      const [daily = ''] = await listed(project);
      expect((await restore(project, daily)).code).toBe(0);
      expect(await project.query('SELECT count(*) FROM notes')).toBe('200');
      expect(await project.query("SELECT tableowner FROM pg_tables WHERE tablename = 'notes'")).toBe('zarpe');
      await asApp(project, 'CREATE TABLE more (id int)');
    }
  });

  test('refuses a damaged dump before it touches the database', async () => {
    await inBackups(
      project,
      'cp daily/*.dump daily/99990101T000000Z.dump; echo no >daily/99990101T000000Z.dump.sha256',
    );
    onCleanup(() => inBackups(project, 'rm daily/9999*'));
    const before = await project.query(ROWS);
    const { code, stdout } = await restore(project, '--force', 'latest');
    expect(code).toBe(65);
    expect(stdout).toContain('is damaged');
    expect(await project.query(ROWS)).toBe(before);
  });

  test.each([[[]], [['--hard', 'latest']], [['one', 'two']]])(
    '%j is answered with its usage',
    async (args) => {
      expect((await restore(project, ...args)).code).toBe(64);
    },
  );
});

function backup(project: Project, command: string): Promise<DockerResult> {
  return project.tryCompose('run', '--rm', '--no-deps', 'backup', command);
}

function restore(project: Project, ...args: string[]): Promise<DockerResult> {
  return project.tryCompose('run', '--rm', 'restore', ...args);
}

async function inBackups(project: Project, script: string): Promise<void> {
  const run = [
    'run',
    '--rm',
    '--no-deps',
    '--workdir',
    '/backups',
    '--entrypoint',
    '/bin/sh',
    'backup',
    '-euc',
    script,
  ];
  await project.compose(...run);
}

async function files(project: Project): Promise<string> {
  const find = ['--entrypoint', 'find', 'backup', '/backups', '-type', 'f'];
  return project.compose('run', '--rm', '--no-deps', ...find);
}

/** The kept dumps, as `restore` takes them. */
async function listed(project: Project): Promise<string[]> {
  const { stdout } = await backup(project, 'list');
  return stdout.match(/(daily|weekly)\/\S+\.dump/g) ?? [];
}

async function backupLines(project: Project): Promise<string[]> {
  return (await project.logs('backup')).match(/\{.*\}/g) ?? [];
}

/** As the app's own role, over TCP and with its password. */
async function asApp(project: Project, sql: string): Promise<string> {
  const psql = [
    'psql',
    '-qAt',
    '-v',
    'ON_ERROR_STOP=1',
    '-h',
    '127.0.0.1',
    '-U',
    'zarpe',
    '-d',
    'zarpe',
    '-c',
    sql,
  ];
  return project.compose('exec', '-T', '--env', `PGPASSWORD=${project.password}`, 'postgres', ...psql);
}
