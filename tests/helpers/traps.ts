/**
 * A database in which a lesser role has laid traps: functions, operators, types and views that stand where ours might be
 * looked for, each of which says in the server's log that it was reached, and as whom.
 *
 *     const server = await startServer();
 *     const { database, owner, url } = await createTrappedDatabase(server, 'implicit');
 *     expect(await trapped(server, database, owner)).toEqual([]);        // after whatever was run as the victim
 */
import { randomUUID } from 'node:crypto';
import { expect } from 'vitest';
import { createDatabase, createRole, type Database, type Role } from './database.ts';
import type { PostgresServer } from './postgres-server.ts';

/** Whether `pg_catalog` comes first by itself, or after `public`, as a role's own setting can have it. */
export type SearchPath = 'implicit' | 'last';

const MARK = 'reached a trap:';
/** What an argument of a call that nobody has cast can be. */
const TYPES = [
  'int4',
  'int8',
  'text',
  'name',
  'oid',
  'regclass',
  'bool',
  '"char"',
  'timestamptz',
  'xid',
  'varchar',
];
const SHADOWED_TYPES = [
  'text',
  'oid',
  'regclass',
  'name',
  'timestamptz',
  'json',
  'xml',
  'regnamespace',
  'regrole',
];
const OPERATORS = ['=', '<>', '<', '>', '<=', '>=', '||', '+', '-', '<<', '~', '~~'];

export async function createTrappedDatabase(server: PostgresServer, path: SearchPath) {
  const [owner, attacker] = [await createRole({ server }), await createRole({ server })];
  const database = await createDatabase({ server, owner });
  const schemas = ['public', owner.name];
  await database.query(`CREATE SCHEMA ${owner.name} AUTHORIZATION ${owner.name}`);
  for (const schema of schemas) await database.query(`GRANT ALL ON SCHEMA ${schema} TO ${attacker.name}`);
  await database.query(
    `GRANT USAGE ON SCHEMA public TO PUBLIC; GRANT CREATE ON SCHEMA public TO ${owner.name}`,
  );
  if (path === 'last')
    await database.query(`ALTER ROLE ${owner.name} SET search_path = "$user", public, pg_catalog`);
  const session = await database.connect(database.urlFor(attacker));
  for (const schema of schemas) await session.query(layTraps(schema, path));
  await session.end();
  return { database, owner, attacker, url: database.urlFor(owner) };
}

/** What a role has reached, as the server's log has it up to now. */
export async function trapped(server: PostgresServer, database: Database, role: Role): Promise<string[]> {
  const here = `log up to ${randomUUID()}`;
  await database.query(`DO $$ BEGIN RAISE LOG '${here}'; END $$`);
  await expect.poll(() => server.log.some((line) => line.includes(here))).toBe(true);
  const reached = server.log.flatMap((line) => line.split(`${MARK} `).slice(1));
  const end = ` as ${role.name}`;
  return [...new Set(reached.filter((what) => what.endsWith(end)).map((what) => what.slice(0, -end.length)))];
}

function layTraps(schema: string, path: SearchPath): string {
  const list = (names: string[]) => `ARRAY[${names.map((name) => `'${name}'`).join(', ')}]`;
  return `
    SET search_path = pg_catalog;
    CREATE FUNCTION ${schema}.reach(what text) RETURNS boolean LANGUAGE plpgsql AS $f$
      BEGIN RAISE LOG '${MARK} % as %', what, current_user; RETURN true; END $f$;
    DO $do$
    DECLARE
      types text[] := ${list(TYPES)};
      known record; one text; other text;
      -- Refused: a signature that is there already, a name that is an aggregate's, a type that cannot be.
      -- None of them is a trap less: another one has the place.
    BEGIN
      FOR known IN SELECT DISTINCT ON (proname, args) proname, args, result FROM (
          SELECT proname::text, oidvectortypes(proargtypes) AS args, format_type(prorettype, NULL) AS result FROM pg_proc
            WHERE pronamespace = 'pg_catalog'::regnamespace AND NOT proretset AND '${path}' = 'last'
              AND proname !~ '(in|out|recv|send|sel|joinsel|_support|_transfn)$'
          UNION ALL SELECT proname::text, a, format_type(max(prorettype), NULL) FROM pg_proc, unnest(types) AS a
            WHERE pronamespace = 'pg_catalog'::regnamespace AND proname::text = ANY (${list(FUNCTIONS)}) GROUP BY 1, 2
          UNION ALL SELECT proname::text, a || ', ' || b, format_type(max(prorettype), NULL) FROM pg_proc, unnest(types) AS a, unnest(types) AS b
            WHERE pronamespace = 'pg_catalog'::regnamespace AND proname::text = ANY (${list(FUNCTIONS)}) GROUP BY 1, 2
        ) AS wanted LOOP
        BEGIN
          EXECUTE format('CREATE FUNCTION ${schema}.%I(%s) RETURNS %s LANGUAGE plpgsql AS $f$ BEGIN
            RAISE LOG ''${MARK} %s(%s) as %%'', current_user; RETURN NULL; END $f$',
            known.proname, known.args, known.result, known.proname, known.args);
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
      END LOOP;
      FOREACH one IN ARRAY types LOOP FOREACH other IN ARRAY types LOOP
        EXECUTE format('CREATE FUNCTION ${schema}.trap_op(%s, %s) RETURNS boolean LANGUAGE plpgsql AS $f$ BEGIN
          RAISE LOG ''${MARK} operator (%s, %s) as %%'', current_user; RETURN true; END $f$', one, other, one, other);
        EXECUTE format('CREATE FUNCTION ${schema}.trap_text(%s, %s) RETURNS text LANGUAGE plpgsql AS $f$ BEGIN
          RAISE LOG ''${MARK} operator || (%s, %s) as %%'', current_user; RETURN ''''; END $f$', one, other, one, other);
        FOREACH known.proname IN ARRAY ${list(OPERATORS)} LOOP
          EXECUTE format('CREATE OPERATOR ${schema}.%s (LEFTARG = %s, RIGHTARG = %s, FUNCTION = ${schema}.%s)',
            known.proname, one, other, CASE known.proname WHEN '||' THEN 'trap_text' ELSE 'trap_op' END);
        END LOOP;
      END LOOP; END LOOP;
      FOR known IN SELECT relname::text FROM pg_class
          WHERE relnamespace = 'pg_catalog'::regnamespace AND relkind IN ('r', 'v') AND relname !~ 'authid|largeobject|user_mapping' LOOP
        BEGIN
          EXECUTE format('CREATE VIEW ${schema}.%I AS SELECT * FROM pg_catalog.%I WHERE ${schema}.reach(%L)', known.relname, known.relname, known.relname);
        EXCEPTION WHEN OTHERS THEN NULL;
        END;
      END LOOP;
      FOREACH one IN ARRAY ${list(SHADOWED_TYPES)} LOOP
        EXECUTE format('CREATE DOMAIN ${schema}.%I AS pg_catalog.%I CHECK (${schema}.reach(%L))', one, one, 'type ' || one);
      END LOOP;
    END $do$;
    GRANT USAGE ON SCHEMA ${schema} TO PUBLIC`;
}

/** The functions whose every signature is laid: those that the program and the schema engine name. */
const FUNCTIONS = (
  'array_agg array_position bool_and bool_or cardinality clock_timestamp col_description concat concat_ws count current_database current_schema ' +
  'current_schemas current_setting date_trunc extract format format_type generate_subscripts has_database_privilege ' +
  'has_schema_privilege has_table_privilege host json_agg json_build_array json_build_object left length lower max min ' +
  'now obj_description oidvectortypes pg_advisory_lock pg_advisory_unlock pg_advisory_unlock_all pg_backend_pid ' +
  'pg_blocking_pids pg_cancel_backend pg_get_constraintdef pg_get_expr pg_get_functiondef pg_get_indexdef ' +
  'pg_get_viewdef pg_has_role pg_is_in_recovery pg_sleep pg_table_is_visible pg_terminate_backend pg_try_advisory_lock ' +
  'pg_try_advisory_xact_lock position query_to_xml quote_ident quote_literal regexp_replace replace round ' +
  'row_security_active set_config string_agg strpos substr substring to_char to_json to_jsonb to_regclass unnest upper version'
).split(' ');
