import { describe, expect, test } from 'vitest';
import { createProject, type Project } from './helpers/compose.ts';
import { tryDocker } from './helpers/docker.ts';

/** Runs the health check of the database's container, now. */
async function askHealth(project: Project) {
  const [, command = ''] = JSON.parse(await project.inspect('postgres', '{{json .Config.Healthcheck.Test}}'));
  return tryDocker(['exec', project.container('postgres'), 'sh', '-c', command]);
}

describe('the database of docker-compose.yml', () => {
  test.each([
    ['postgres', 'the superuser'],
    ['pg_app', 'a name that PostgreSQL reserves'],
    ['public', 'a name that PostgreSQL reserves'],
    ['x'.repeat(64), 'longer than the 63 bytes that PostgreSQL allows'],
  ])(
    'refuses %s as the role of the app by its name, at the first start and at the next',
    async (name, why) => {
      const project = await createProject({ env: { POSTGRES_USER: name } });
      await project.tryCompose('up', '--detach', '--no-build', 'postgres');
      await project.waitForLine('postgres', `POSTGRES_USER is ${name}, ${why}`);
      // Its restart policy starts it again, with a data folder that is no longer empty.
      await expect
        .poll(() => askHealth(project))
        .toMatchObject({
          code: 1,
          stdout: `POSTGRES_USER: the role ${name} must own the database zarpe and be no superuser\n`,
        });
      expect(await project.logs('postgres')).not.toContain(project.password);
    },
  );

  test('refuses a name of the database that PostgreSQL would cut', async () => {
    const name = 'x'.repeat(64);
    const project = await createProject({ env: { POSTGRES_DB: name } });
    await project.tryCompose('up', '--detach', '--no-build', 'postgres');
    await project.waitForLine('postgres', `POSTGRES_DB is ${name}, longer than the 63 bytes`);
    await expect
      .poll(() => askHealth(project))
      .toMatchObject({
        code: 1,
        stdout: `POSTGRES_USER: the role zarpe must own the database ${name} and be no superuser\n`,
      });
  });

  test('refuses a password of two lines, of which the image would take the first', async () => {
    const project = await createProject({ env: { POSTGRES_PASSWORD: 'first-line\nsecond-line' } });
    await project.tryCompose('up', '--detach', '--no-build', 'postgres');
    await project.waitForLine('postgres', 'POSTGRES_PASSWORD contains a line break');
    expect(await project.logs('postgres')).not.toMatch(/first-line|second-line/);
  });

  test('logs neither the password nor its verifier while it makes the role, whatever the server logs', async () => {
    const project = await createProject();
    await project.up('postgres');
    const initialise = async (role: string) => {
      await project.query(`ALTER ROLE postgres PASSWORD '${project.password}'`);
      const settings = [
        'log_statement=all',
        'log_min_duration_statement=0',
        'log_min_error_statement=debug5',
      ];
      const env = [
        `APP_DB_USER=${role}`,
        `PGOPTIONS=${settings.map((setting) => `-c ${setting}`).join(' ')}`,
      ];
      const psql = ['psql', '-U', 'postgres', '-d', 'zarpe', '-v', 'ON_ERROR_STOP=1'];
      return project.tryCompose(
        'exec',
        '-T',
        ...env.flatMap((variable) => ['--env', variable]),
        'postgres',
        ...psql,
        '-f',
        '/docker-entrypoint-initdb.d/init-db.sql',
      );
    };
    for (const [role, code] of [
      ['pg_app', 3],
      ['zarpe', 3],
      ['second', 0],
    ] as const) {
      const { stdout, stderr, ...ended } = await initialise(role);
      expect(ended).toEqual({ code });
      const told = `${stdout}${stderr}${await project.logs('postgres')}`;
      expect(told).toContain('statement: DO $$');
      expect(told).not.toContain(project.password);
      expect(told).not.toContain('SCRAM-SHA-256$4096');
    }
    const login = ['psql', '-h', 'postgres', '-U', 'second', '-d', 'zarpe', '-qAtc', 'SELECT current_user'];
    const env = ['--env', `PGPASSWORD=${project.password}`];
    expect(await project.compose('exec', '-T', ...env, 'postgres', ...login)).toBe('second');
  });

  test('is healthy with a role of any name, which owns it and is no superuser', async () => {
    const project = await createProject({ env: { POSTGRES_USER: `o'brien "x"`, POSTGRES_DB: `it's "db"` } });
    await project.up('postgres');
    const [owner, isSuperuser] = (
      await project.query(
        `SELECT rolname, rolsuper FROM pg_roles r JOIN pg_database ON datdba = r.oid WHERE datname = current_database()`,
        `it's "db"`,
      )
    ).split('|');
    expect([owner, isSuperuser]).toEqual([`o'brien "x"`, 'f']);
  });

  test('is not healthy where the role became a superuser, or is not the owner', async () => {
    const project = await createProject();
    await project.up('postgres');
    expect((await askHealth(project)).code).toBe(0);
    await project.query('ALTER ROLE zarpe SUPERUSER');
    expect((await askHealth(project)).code).toBe(1);
    await project.query('ALTER ROLE zarpe NOSUPERUSER; ALTER DATABASE zarpe OWNER TO postgres');
    expect((await askHealth(project)).code).toBe(1);
    await project.query('ALTER DATABASE zarpe OWNER TO zarpe');
    expect((await askHealth(project)).code).toBe(0);
  });
});
