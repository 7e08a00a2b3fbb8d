/** The kinds of migration that are one transaction with their record, for `history.ts` to draw from. */
import type { Random } from './random.ts';

/** What the scripts so far have made. */
export interface Model {
  tables: string[];
  enums: string[];
  /** Makes every name unique. */
  sequence: number;
}

export interface Kind {
  name: string;
  write(model: Model, random: Random): { script: string };
}

const next = (model: Model, kind: string) => `${kind}_${++model.sequence}`;

function createTable(model: Model, random: Random): string {
  const table = next(model, 'table');
  const parent = model.tables.length > 0 && random.chance(0.5) ? random.pick(model.tables) : undefined;
  model.tables.push(table);
  return `CREATE TABLE "${table}" (
  "id" SERIAL NOT NULL,
  "n" INTEGER NOT NULL,
  "label" TEXT NOT NULL DEFAULT 'a; b''s $1 -- no comment',
  "amount" NUMERIC(12, 2) CHECK (amount >= 0),
  CONSTRAINT "${table}_pkey" PRIMARY KEY ("id")
);
CREATE UNIQUE INDEX "${table}_n_key" ON "${table}"("n");
${parent === undefined ? '' : `ALTER TABLE "${table}" ADD CONSTRAINT "${table}_n_fkey" FOREIGN KEY ("n") REFERENCES "${parent}"("n") NOT VALID;`}
INSERT INTO "${table}" (n, amount) SELECT g, g * 1.5 FROM generate_series(1, ${3 + random.below(20)}) AS g${parent === undefined ? '' : ` WHERE EXISTS (SELECT FROM "${parent}" p WHERE p.n = g)`};
`;
}

export const ATOMIC_KINDS: readonly Kind[] = [
  { name: 'table', write: (model, random) => ({ script: createTable(model, random) }) },
  {
    name: 'enum',
    write(model) {
      const name = next(model, 'Enum');
      const table = next(model, 'table');
      model.enums.push(name);
      model.tables.push(table);
      return {
        script: `-- CreateEnum
CREATE TYPE "${name}" AS ENUM ('ONE', 'TWO');
CREATE TABLE "${table}" (n INTEGER PRIMARY KEY, label TEXT, amount NUMERIC, kind "${name}" NOT NULL DEFAULT 'ONE');
INSERT INTO "${table}" (n, kind) VALUES (1, 'ONE'), (2, 'TWO');
`,
      };
    },
  },
  {
    name: 'rows',
    write: (model, random) => ({
      script: `UPDATE "${random.pick(model.tables)}" SET label = label || '+', amount = coalesce(amount, 0) + 1;\n`,
    }),
  },
  {
    name: 'enum_value',
    write: (model, random) => ({
      script: `ALTER TYPE "${random.pick(model.enums)}" ADD VALUE '${next(model, 'VALUE')}';\n`,
    }),
  },
  {
    name: 'column',
    write(model, random) {
      const [table, column] = [random.pick(model.tables), next(model, 'column')];
      return {
        script: `ALTER TABLE "${table}" ADD COLUMN "${column}" TEXT;
UPDATE "${table}" SET "${column}" = 'is ' || n;
ALTER TABLE "${table}" ALTER COLUMN "${column}" SET NOT NULL;
`,
      };
    },
  },
  {
    name: 'rename_and_drop',
    write(model, random) {
      const [table, column] = [random.pick(model.tables), next(model, 'column')];
      return {
        script: `ALTER TABLE "${table}" ADD COLUMN "${column}" INTEGER DEFAULT 7, ADD COLUMN "${column}_gone" INTEGER;
ALTER TABLE "${table}" RENAME COLUMN "${column}" TO "${column}_renamed";
ALTER TABLE "${table}" DROP COLUMN "${column}_gone";
`,
      };
    },
  },
  {
    name: 'function_and_trigger',
    write(model, random) {
      const [table, name] = [random.pick(model.tables), next(model, 'stamp')];
      return {
        script: `CREATE FUNCTION "${name}"() RETURNS trigger AS $body$
DECLARE
  text_with_semicolon TEXT := 'a;b';
BEGIN
  NEW.label := NEW.label || ' ' || $inner$it's; $1$inner$;
  RETURN NEW;
END;
$body$ LANGUAGE plpgsql;
CREATE TRIGGER "${name}" BEFORE UPDATE ON "${table}" FOR EACH ROW EXECUTE FUNCTION "${name}"();
UPDATE "${table}" SET amount = 3;
`,
      };
    },
  },
  {
    name: 'do_block',
    write(model, random) {
      const table = random.pick(model.tables);
      return {
        script: `DO $$
DECLARE r RECORD;
BEGIN
  FOR r IN SELECT n FROM "${table}" ORDER BY n LOOP
    UPDATE "${table}" SET label = label || r.n WHERE n = r.n;
  END LOOP;
  EXECUTE format('COMMENT ON TABLE %I IS %L', '${table}', 'done; ${next(model, 'comment')}');
END $$;
`,
      };
    },
  },
  {
    name: 'view',
    write(model, random) {
      const [table, view] = [random.pick(model.tables), next(model, 'view')];
      return {
        script: `CREATE VIEW "${view}" AS SELECT n, label FROM "${table}" WHERE n > 1;
CREATE MATERIALIZED VIEW "${view}_kept" AS SELECT count(*) AS c FROM "${table}";
REFRESH MATERIALIZED VIEW "${view}_kept";
`,
      };
    },
  },
  {
    name: 'wrapped',
    write: (model, random) => ({ script: `BEGIN;\n${createTable(model, random)}COMMIT;\n` }),
  },
  {
    name: 'wrapped_late',
    write: (model, random) => ({
      script: `UPDATE "${random.pick(model.tables)}" SET amount = coalesce(amount, 0) + 2;
BEGIN TRANSACTION;
${createTable(model, random)}
COMMIT;
-- and no more
`,
    }),
  },
  {
    name: 'session_left_changed',
    write(model) {
      const name = next(model, 'odd');
      return {
        script: `SET search_path = pg_catalog;
SET statement_timeout = '123s';
CREATE TEMP TABLE "${name}" AS SELECT 1 AS one;
CREATE TABLE public."${name}" (n INTEGER, label TEXT, amount NUMERIC);
INSERT INTO public."${name}" SELECT one FROM pg_temp."${name}";
PREPARE "${name}" AS SELECT 1;
SET TIME ZONE 'Asia/Tokyo';
`,
      };
    },
  },
  {
    name: 'locks_released',
    write(model) {
      const name = next(model, 'unlocked');
      return {
        script: `SELECT pg_advisory_unlock_all();
DEALLOCATE ALL;
CREATE TABLE "${name}" (n INTEGER, label TEXT, amount NUMERIC);
INSERT INTO "${name}" VALUES (1);
`,
      };
    },
  },
  {
    name: 'comments_alone',
    write: () => ({ script: '-- This is an empty migration.\n/* ; /* nested; */ */\n' }),
  },
  { name: 'byte_order_mark', write: (model, random) => ({ script: `\uFEFF${createTable(model, random)}` }) },
  {
    name: 'windows_lines',
    write: (model, random) => ({ script: createTable(model, random).replaceAll('\n', '\r\n') }),
  },
  {
    name: 'partitions',
    write(model) {
      const table = next(model, 'parted');
      return {
        script: `CREATE TABLE "${table}" (n INTEGER NOT NULL, label TEXT, amount NUMERIC) PARTITION BY RANGE (n);
CREATE TABLE "${table}_a" PARTITION OF "${table}" FOR VALUES FROM (0) TO (10);
CREATE TABLE "${table}_b" PARTITION OF "${table}" DEFAULT;
INSERT INTO "${table}" SELECT g FROM generate_series(1, 20) g;
`,
      };
    },
  },
  {
    name: 'policy',
    write(model, random) {
      const [table, policy] = [random.pick(model.tables), next(model, 'policy')];
      return {
        script: `CREATE POLICY "${policy}" ON "${table}" FOR SELECT USING (n > 0);
CREATE RULE "${policy}" AS ON DELETE TO "${table}" DO ALSO (NOTIFY "${policy}"; SELECT 1);
`,
      };
    },
  },
];
