import { describe, expect, test } from 'vitest';
import { createProject, type Project } from './helpers/compose.ts';
import { tryDocker } from './helpers/docker.ts';

/** Runs the health check of the database's container, now. */
async function askHealth(project: Project) {
  const [, command = ''] = JSON.parse(await project.inspect('postgres', '{{json .Config.Healthcheck.Test}}'));
  return tryDocker(['exec', project.container('postgres'), 'sh', '-c', command]);
}

describe('the database of docker-compose.yml', () => {
  test('refuses the superuser as the role of the app by its name, at the first start and at the next', async () => {
    const project = await createProject({ env: { POSTGRES_USER: 'postgres' } });
    await project.tryCompose('up', '--detach', '--no-build', 'postgres');
    await project.waitForLine('postgres', 'POSTGRES_USER is postgres, the superuser');
    // Its restart policy starts it again, with a data folder that is no longer empty.
    await expect
      .poll(() => askHealth(project))
      .toMatchObject({
        code: 1,
        stdout: 'POSTGRES_USER: the role postgres must own the database zarpe and be no superuser\n',
      });
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
