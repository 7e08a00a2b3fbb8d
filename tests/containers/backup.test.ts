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

/** `copy_dump NAME YEAR MONTH DAY`: the newest dump as one that was begun then, as the service would have left it. */
const COPY_DUMP = String.raw`
  dump=$(ls daily/*.dump | head -n 1)
  byte() { printf "\\$(printf %03o "$3")" | dd of="$1" bs=1 seek="$2" conv=notrunc 2>/dev/null; }
  copy_dump() {
    cp "$dump" "$1.dump"
    byte "$1.dump" 38 $(($2 - 1900)); byte "$1.dump" 33 $(($3 - 1)); byte "$1.dump" 28 "$4"
    TZ=UTC pg_restore --list "$1.dump" | grep -q "created at $2-0$3-0$4 "
    (cd "$(dirname "$1")" && sha256sum "$(basename "$1.dump")" >"$(basename "$1.dump.sha256")")
  }`;

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
    await backup(project, 'once');
    // Those of five days and three weeks before, as the service would have left them.
    await inBackups(
      project,
      `${COPY_DUMP}
       for day in 1 2 3 4 5; do copy_dump "daily/2020010\${day}T031500Z" 2020 1 "$day"; done
       for week in 1 2 3; do copy_dump "weekly/2020-W0$week-2020010\${week}T031500Z" 2020 1 "$week"; done`,
    );
    expect((await backup(project, 'once')).stdout).toContain('"daily":3,"weekly":2');
    const kept = await files(project);
    expect(kept.match(/daily\/\S+\.dump$/gm)).toHaveLength(3);
    expect(kept).toContain('daily/20200105T031500Z.dump');
    expect(kept).not.toContain('20200104T031500Z');
    expect(kept).toContain('weekly/2020-W03-');
    expect(kept).not.toContain('weekly/2020-W02-');
  });

  test('is counted and restored by when it was begun, whatever clocks and names say', async () => {
    const project = await createNotes({ BACKUP_KEEP_DAILY: '1', BACKUP_KEEP_WEEKLY: '1' });
    await backup(project, 'once');
    await inBackups(
      project,
      `${COPY_DUMP}
       copy_dump daily/20310101T000000Z 2019 6 1
       copy_dump daily/20320101T000000Z 2039 6 1
       copy_dump weekly/2031-W01-20310101T000000Z 2019 6 1
       cp "$dump" daily/20330101T000000Z.dump
       cp "$dump" 'daily/a "foreign" one.dump'
       echo "4102444800 $PWD/$dump" >.last-good`,
    );
    expect((await backup(project, 'health')).code).toBe(1);
    await asApp(project, 'INSERT INTO notes VALUES (1000)');
    const { code, stdout } = await backup(project, 'once');
    expect(code).toBe(0);
    const lines = (stdout.match(/^\{.*$/gm) ?? []).map((line) => JSON.parse(line));
    expect(lines[0]).toMatchObject({ event: 'written', bytes: expect.any(Number), daily: 1, weekly: 1 });
    expect(
      lines.slice(1).map(({ level, event, msg }) => `${level} ${event} ${msg.split(' is ignored')[0]}`),
    ).toEqual([
      'warn ignored daily/20320101T000000Z.dump',
      'warn ignored daily/20330101T000000Z.dump',
      'warn ignored daily/a "foreign" one.dump',
    ]);
    const kept = await files(project);
    expect(kept).not.toContain('20310101T000000Z');
    for (const stays of ['20320101T000000Z', '20330101T000000Z', 'a "foreign" one'])
      expect(kept).toContain(stays);
    expect((await backup(project, 'health')).code).toBe(0);
    const restored = await restore(project, '--force', 'latest');
    expect(restored.stdout).toContain('"event":"ignored"');
    expect(await project.query('SELECT count(*) FROM notes')).toBe('201');
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

  test('that the objects of another role stop names each, its owner, and the grant that is missing', async () => {
    const project = await createNotes();
    await project.query('CREATE ROLE eve LOGIN; CREATE SCHEMA s AUTHORIZATION eve');
    await asEve(project, 'CREATE TABLE s."a b" (id serial)', 'SELECT lo_create(4711)');
    const { code, stdout } = await backup(project, 'once');
    expect(code).toBe(1);
    const { msg } = JSON.parse(stdout.match(/^\{.*"event":"failed".*$/m)?.[0] ?? '{}');
    expect(msg).toContain('pg_dump failed: ');
    expect(msg).toContain(
      'GRANT SELECT ON TABLE s."a b" TO zarpe (owner eve, and GRANT USAGE ON SCHEMA s TO zarpe)',
    );
    expect(msg).toContain('GRANT SELECT ON SEQUENCE s."a b_id_seq" TO zarpe (owner eve');
    expect(msg).toContain('GRANT SELECT ON LARGE OBJECT 4711 TO zarpe (owner eve)');
    await project.query('DROP OWNED BY eve');
    expect((await backup(project, 'once')).code).toBe(0);
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

  test('with --force takes over what belongs to the database itself, and lists what it may not', async () => {
    const other = await createNotes();
    expect((await backup(other, 'once')).code).toBe(0);
    await other.query("COMMENT ON DATABASE zarpe IS 'it''s ours'; ALTER DATABASE zarpe CONNECTION LIMIT 42");
    await other.query('CREATE ROLE reader; GRANT CONNECT ON DATABASE zarpe TO reader WITH GRANT OPTION');
    await other.query('REVOKE CONNECT ON DATABASE zarpe FROM PUBLIC');
    await other.query('REVOKE TEMPORARY ON DATABASE zarpe FROM zarpe');
    await other.query(`ALTER DATABASE zarpe SET search_path = "$user", "a b", public`);
    await other.query("ALTER DATABASE zarpe SET statement_timeout = '10min'");
    await other.query("ALTER ROLE zarpe IN DATABASE zarpe SET lock_timeout = '3s'");
    await other.query('ALTER DATABASE zarpe SET log_min_duration_statement = 5');
    const properties = `SELECT json_build_array(datacl, datconnlimit, encoding, datcollate, datctype, datlocprovider,
        pg_get_userbyid(datdba), shobj_description(oid, $$pg_database$$), (SELECT json_agg(setconfig ORDER BY setrole)
        FROM pg_db_role_setting WHERE setdatabase = pg_database.oid)) FROM pg_database WHERE datname = $$zarpe$$`;
    const before = JSON.parse(await other.query(properties, 'postgres'));
    const { code, stdout } = await restore(other, '--force', 'latest');
    expect(code).toBe(0);
    const notCopied = stdout.match(/"event":"not-copied".*/g) ?? [];
    expect(notCopied).toHaveLength(1);
    expect(notCopied[0]).toContain("ALTER DATABASE zarpe SET log_min_duration_statement TO '5'");
    const after = JSON.parse(await other.query(properties, 'postgres'));
    const forComparison = ([acl, ...rest]: [string[], ...unknown[]]) => [acl.toSorted(), ...rest];
    before.at(-1)[0].pop();
    expect(forComparison(after)).toEqual(forComparison(before));
    expect(await asApp(other, 'SELECT count(*) FROM notes')).toBe('200');
  });

  test.each([
    ['public;alter/**/role/**/eve/**/superuser', '"public;alter/**/role/**/eve/**/superuser"'],
    ['public, "$user", "a ""b"", c"', 'public, "$user", "a ""b"", c"'],
    [
      '"x\nWARNING:  ALTER ROLE eve SUPERUSER; --", public',
      '"x\nWARNING:  ALTER ROLE eve SUPERUSER; --", public',
    ],
  ])('with --force copies %j, which a role has set for itself, as text alone', async (path, copied) => {
    const other = await createNotes();
    expect((await backup(other, 'once')).code).toBe(0);
    await other.query('CREATE ROLE eve LOGIN');
    await setSearchPathAsEve(other, path);
    const asOwner = await restore(other, '--force', 'latest');
    expect(asOwner.code).toBe(0);
    const warnings = asOwner.stdout.match(/^\{.*"not-copied".*$/gm) ?? [];
    expect(warnings.map((line) => JSON.parse(line).msg)).toEqual([
      expect.stringMatching(
        /superuser: ALTER ROLE eve IN DATABASE zarpe SET search_path TO ('[^'\n]+'(, )?)+ \(/,
      ),
    ]);
    await setSearchPathAsEve(other, path);
    expect((await restoreAsSuperuser(other, '--as-superuser', '--force', 'latest')).code).toBe(0);
    const set = 'SELECT setconfig[1] FROM pg_db_role_setting JOIN pg_database d ON d.oid = setdatabase';
    expect(await other.query(`${set} WHERE datname = 'zarpe'`)).toBe(`search_path=${copied}`);
    expect(await other.query("SELECT rolsuper FROM pg_roles WHERE rolname = 'eve'")).toBe('f');
  });

  test('with --force makes the new database with the locale of the former one', async () => {
    const other = await createNotes();
    await other.query('DROP DATABASE zarpe WITH (FORCE)', 'postgres');
    await other.query(
      "CREATE DATABASE zarpe OWNER zarpe TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER icu ICU_LOCALE 'es-ES' LC_COLLATE 'C' LC_CTYPE 'C'",
      'postgres',
    );
    await asApp(other, 'CREATE TABLE notes (id int)');
    expect((await backup(other, 'once')).code).toBe(0);
    expect((await restore(other, '--force', 'latest')).code).toBe(0);
    const locale =
      "SELECT concat(datlocprovider, datlocale, datcollate, datctype) FROM pg_database WHERE datname = 'zarpe'";
    expect(await other.query(locale, 'postgres')).toBe('ies-ESCC');
  });

  test('runs no code of another role: its objects are named at the dump, and refused unless it is trusted', async () => {
    const other = await createNotes();
    await other.query('CREATE ROLE eve LOGIN; GRANT CREATE ON SCHEMA public TO eve');
    await asEve(
      other,
      `CREATE FUNCTION public.check_it() RETURNS bool LANGUAGE plpgsql AS $$ BEGIN
         IF current_user = 'zarpe' THEN CREATE TABLE public.pwned (); END IF;
         IF current_user = 'postgres' THEN ALTER ROLE eve SUPERUSER; END IF;
         RETURN true;
       END $$`,
      'CREATE TABLE public."of, zarpe" (id int CHECK (public.check_it()))',
      'INSERT INTO public."of, zarpe" VALUES (1)',
      'GRANT SELECT ON public."of, zarpe" TO PUBLIC',
    );
    const objects = 'FUNCTION public check_it() eve, TABLE public of, zarpe eve';
    const dumped = await backup(other, 'once');
    expect(dumped.code).toBe(0);
    expect(dumped.stdout).toMatch(/"level":"warn".*"event":"foreign"/);
    expect(dumped.stdout).toContain(objects);
    for (const restored of [
      await restore(other, '--force', 'latest'),
      await restore(other, '--force', '--trust=zarpe', 'latest'),
      await restoreAsSuperuser(other, '--force', '--as-superuser', 'latest'),
    ]) {
      expect(restored.code).toBe(77);
      expect(restored.stdout).toContain(objects);
      expect(restored.stdout).toContain('--trust=ROLE');
    }
    const harm = "SELECT rolsuper OR to_regclass('pwned') IS NOT NULL FROM pg_roles WHERE rolname = 'eve'";
    expect(await other.query(harm)).toBe('f');
    expect(await other.query("SELECT count(*) FROM pg_database WHERE datname LIKE 'zarpe%'")).toBe('1');
    expect((await restore(other, '--force', '--trust=eve', 'latest')).code).toBe(0);
    expect(await other.query('SELECT count(*) FROM "of, zarpe"')).toBe('1');
  });

  test('refuses a superuser by its name, unless that is asked for', async () => {
    const refused = await restoreAsSuperuser(project, '--force', 'latest');
    expect(refused.code).toBe(77);
    expect(refused.stdout).toContain('refused: `postgres` is a superuser');
  });

  test('is not stopped by the default privileges that any role may set for itself', async () => {
    const other = await createNotes();
    await other.query('CREATE ROLE eve LOGIN; ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC');
    await asEve(other, 'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC');
    await asApp(other, 'ALTER DEFAULT PRIVILEGES GRANT SELECT ON TABLES TO PUBLIC');
    expect((await backup(other, 'once')).code).toBe(0);
    const { code, stdout } = await restore(other, '--force', 'latest');
    expect(code).toBe(0);
    expect(stdout).toMatch(/"event":"left-out".*DEFAULT PRIVILEGES FOR TABLES eve/);
    expect(await other.query('SELECT string_agg(defaclrole::regrole::text, $$,$$) FROM pg_default_acl')).toBe(
      'zarpe',
    );
  });

  test('is not stopped by the large objects of another role, which hold no code', async () => {
    const other = await createNotes();
    await other.query('CREATE ROLE eve LOGIN');
    await asEve(
      other,
      "SELECT lo_from_bytea(4711, 'four')",
      'GRANT SELECT ON LARGE OBJECT 4711 TO zarpe',
      "COMMENT ON LARGE OBJECT 4711 IS 'of eve'",
    );
    const dumped = await backup(other, 'once');
    expect(dumped.code).toBe(0);
    expect(dumped.stdout).not.toContain('"event":"foreign"');
    const { code, stdout } = await restore(other, '--force', 'latest');
    expect(code, stdout).toBe(0);
    expect(await other.query("SELECT convert_from(lo_get(4711), 'UTF8')")).toBe('four');
  });

  test('that the session of another role stops names that role, and leaves the database as it was', async () => {
    const other = await createNotes();
    expect((await backup(other, 'once')).code).toBe(0);
    await other.query('CREATE ROLE eve LOGIN; ALTER DATABASE zarpe IS_TEMPLATE true');
    const session = asEve(other, 'SELECT pg_sleep(600)').catch(() => undefined);
    const isIn = "SELECT count(*) FROM pg_stat_activity WHERE usename = 'eve'";
    await expect.poll(() => other.query(isIn)).toBe('1');
    const { code, stdout } = await restore(other, '--force', 'latest');
    expect(code).toBe(1);
    expect(stdout).toMatch(/database `zarpe` is unchanged.*process \d+ of role eve/);
    expect(await asApp(other, 'SELECT count(*) FROM notes')).toBe('200');
    expect(await other.query("SELECT count(*) FROM pg_database WHERE datname LIKE 'zarpe_%'")).toBe('0');
    await other.query("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'eve'");
    await session;
  });

  test('with --force admits no other role to the new database, and then the same roles as before', async () => {
    const other = await createNotes();
    expect((await backup(other, 'once')).code).toBe(0);
    await other.query("CREATE ROLE eve LOGIN PASSWORD 'eve'");
    const privileges = `SELECT datacl IS NULL, a.grantee::regrole, a.privilege_type, a.is_grantable FROM pg_database d,
      aclexplode(coalesce(d.datacl, acldefault('d', d.datdba))) a WHERE datname = 'zarpe' ORDER BY 2, 3`;
    const before = await other.query(privileges);
    expect(before).toContain('t|-|CONNECT');
    await restoreWith(
      other,
      `pg_restore() {
         command pg_restore "$@" || return
         case "$*" in *--dbname=*)
           PGPASSWORD=eve command psql --username=eve --dbname="$staging" --command 'SELECT 1' 2>/tmp/refusal ;;
         esac || true
       }`,
      0,
      'grep "permission denied for database" /tmp/refusal',
    );
    expect((await other.query(privileges)).replace(/^f/gm, 't')).toBe(before);
    await asEve(other, 'SELECT 1');
  });

  test('with --force that is ended while the names change leaves the database as it was, open to all', async () => {
    const other = await createNotes();
    expect((await backup(other, 'once')).code).toBe(0);
    await restoreWith(other, endAtExchange('TERM'), 143);
    expect(await asApp(other, 'SELECT count(*) FROM notes')).toBe('200');
    expect(await other.query("SELECT count(*) FROM pg_database WHERE datname LIKE 'zarpe_%'")).toBe('0');
  });

  test('that is killed while the names change leaves a closed database, which the next restore opens', async () => {
    const other = await createNotes();
    expect((await backup(other, 'once')).code).toBe(0);
    await restoreWith(other, endAtExchange('KILL'), 137);
    await expect(asApp(other, 'SELECT 1')).rejects.toThrow('not currently accepting connections');
    const { code, stdout } = await restore(other, '--force', 'latest');
    expect(code, stdout).toBe(0);
    expect(stdout).toMatch(/"level":"warn".*"event":"opened"/);
    expect(stdout).toMatch(/"event":"leftover".*zarpe_restoring_\d{8}T\d{6}Z/i);
    const open = "SELECT bool_and(datallowconn) FROM pg_database WHERE datname LIKE 'zarpe%'";
    expect(await other.query(open)).toBe('t');
    expect(await asApp(other, 'SELECT count(*) FROM notes')).toBe('200');
  });

  test.each(['p'.repeat(63), `${'p'.repeat(35)}ñandú`, "dbname=postgres o'b\\rien"])(
    'with --force replaces the database %j, keeps it under another name, and is repeated',
    async (name) => {
      const other = await createNotes();
      expect((await backup(other, 'once')).code).toBe(0);
      await other.query(`ALTER DATABASE zarpe RENAME TO "${name}"`, 'postgres');
      for (const kept of [1, 2]) {
        await other.query('DELETE FROM notes WHERE id > 50', connectionTo(name));
        const restored = await restoreInto(other, name);
        expect(restored.code, restored.stdout).toBe(0);
        expect(await other.query('SELECT count(*) FROM notes', connectionTo(name))).toBe('200');
        const [line = '{}'] = restored.stdout.match(/^.*"event":"restored".*$/m) ?? [];
        const [, former = ''] = JSON.parse(line).msg.match(/is kept as (.*_before_\w{16})/) ?? [];
        expect(await other.query('SELECT count(*) FROM notes', connectionTo(former))).toBe('50');
        const left = "SELECT count(*) FROM pg_database WHERE datname ~ '_before_|_restoring_'";
        expect(await other.query(left, 'postgres')).toBe(String(kept));
      }
    },
  );

  test('that cannot create its database leaves the present one, however long its name', async () => {
    const other = await createNotes();
    expect((await backup(other, 'once')).code).toBe(0);
    const name = 'p'.repeat(63);
    await other.query(`ALTER DATABASE zarpe RENAME TO ${name}`, 'postgres');
    await other.query('ALTER ROLE zarpe NOCREATEDB', 'postgres');
    const { code, stdout } = await restoreInto(other, name);
    expect(code, stdout).toBe(1);
    expect(stdout).toContain('cannot create the database');
    expect(await other.query('SELECT count(*) FROM notes', connectionTo(name))).toBe('200');
  });

  test('refuses a database that was closed on purpose, and leaves it closed', async () => {
    const other = await createNotes();
    expect((await backup(other, 'once')).code).toBe(0);
    await other.query('ALTER DATABASE zarpe ALLOW_CONNECTIONS false', 'postgres');
    const { code, stdout } = await restore(other, '--force', 'latest');
    expect(code, stdout).toBe(77);
    expect(stdout).toContain('database `zarpe` allows no connections');
    const open = "SELECT datallowconn FROM pg_database WHERE datname = 'zarpe'";
    expect(await other.query(open, 'postgres')).toBe('f');
  });

  test('refuses to run beside another restore: exit 75', async () => {
    const other = await createNotes();
    expect((await backup(other, 'once')).code).toBe(0);
    await inBackups(
      other,
      `PGAPPNAME=zarpe-restore psql --command 'SELECT pg_sleep(600)' &
       until [ "$(psql -Atc "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'zarpe-restore'")" = 1 ]; do :; done
       status=0
       sh /opt/docker/restore.sh --force latest >/tmp/log || status=$?
       cat /tmp/log
       [ "$status" = 75 ] && grep 'another restore is running.*of role zarpe' /tmp/log && kill $!`,
    );
    expect(await asApp(other, 'SELECT count(*) FROM notes')).toBe('200');
    expect(await other.query("SELECT count(*) FROM pg_database WHERE datname LIKE 'zarpe_%'")).toBe('0');
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

function restoreInto(project: Project, name: string): Promise<DockerResult> {
  const env = ['--env', `PGDATABASE=${name}`];
  return project.tryCompose('run', '--rm', '--no-deps', ...env, 'restore', '--force', 'latest');
}

/** A name with `=` in it would be read as a connection string. */
function connectionTo(name: string): string {
  return `dbname='${name.replace(/[\\']/g, '\\$&')}'`;
}

/** With a password for the superuser, who has none in the shipped deployment and so cannot come in over TCP. */
async function restoreAsSuperuser(project: Project, ...args: string[]): Promise<DockerResult> {
  await project.query(`ALTER ROLE postgres PASSWORD '${project.password}'`);
  return project.tryCompose('run', '--rm', '--env', 'PGUSER=postgres', 'restore', ...args);
}

function setSearchPathAsEve(project: Project, path: string): Promise<void> {
  return asEve(
    project,
    `SELECT set_config('search_path', '${path}', false)`,
    'ALTER ROLE eve IN DATABASE zarpe SET search_path FROM CURRENT',
  );
}

/** Each statement by itself, in one session, as the role of the attacks. */
async function asEve(project: Project, ...statements: string[]): Promise<void> {
  await project.psql('-U', 'eve', '-d', 'zarpe', ...statements.flatMap((sql) => ['-c', sql]));
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

/** `restore.sh --force latest` with shell functions in place of programs, then a check in the same container. */
async function restoreWith(project: Project, functions: string, status: number, check = ':'): Promise<void> {
  await inBackups(
    project,
    `cp /opt/docker/*.sh /tmp
     cat - /opt/docker/restore.sh >/tmp/restore.sh <<'END'
${functions}
END
     status=0
     sh /tmp/restore.sh --force latest || status=$?
     [ "$status" = ${status} ]
     ${check}`,
  );
}

/** The restore gets the signal once it has closed the database. */
function endAtExchange(signal: 'TERM' | 'KILL'): string {
  return `psql() {
    case "$*" in
      *former=*) head -n 1 | command psql "$@"; kill -${signal} $$ ;;
      *) command psql "$@" ;;
    esac
  }`;
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
