/** The catalog queries of `dump-schema.ts`: one a kind of object, each giving rows with a `line`. */

/** What is neither the system's nor an extension's. */
function own(catalog: string, oid: string, namespace?: string): string {
  const extension = `NOT EXISTS (SELECT FROM pg_depend e
    WHERE e.classid = '${catalog}'::regclass AND e.objid = ${oid} AND e.deptype = 'e')`;
  if (namespace === undefined) return `${oid} >= 16384 AND ${extension}`;
  return `${namespace} IN (SELECT s.oid FROM pg_namespace s
    WHERE s.nspname NOT LIKE 'pg\\_%' AND s.nspname <> 'information_schema') AND ${extension}`;
}

/** Privileges as text, independent of the order in which they were granted. */
const acl = (column: string) => `(SELECT string_agg(a::text, ',' ORDER BY a::text) FROM unnest(${column}) a)`;
const role = (column: string) => `pg_get_userbyid(${column})`;

/** One line of named values; what is null is left out. */
function line(values: Record<string, string>): string {
  const pairs = Object.entries(values).map(([name, value]) => `'${name}', ${value}`);
  return `jsonb_strip_nulls(jsonb_build_object(${pairs.join(', ')}))::text AS line`;
}

export const SCHEMA_QUERIES: Record<string, string> = {
  'database settings': `SELECT ${line({ settings: 'setconfig::text', role: 'setrole::regrole::text' })}
    FROM pg_db_role_setting WHERE setdatabase = (SELECT oid FROM pg_database WHERE datname = current_database())`,

  schemas: `SELECT ${line({ schema: 'nspname', owner: role('nspowner'), acl: acl('nspacl') })}
    FROM pg_namespace n WHERE ${own('pg_namespace', 'n.oid', 'n.oid')}`,

  extensions: `SELECT ${line({ extension: 'extname', schema: 'extnamespace::regnamespace::text', version: 'extversion' })}
    FROM pg_extension`,

  types: `SELECT ${line({
    type: 't.oid::regtype::text',
    kind: 't.typtype',
    owner: role('t.typowner'),
    acl: acl('t.typacl'),
    labels:
      '(SELECT array_agg(e.enumlabel ORDER BY e.enumsortorder) FROM pg_enum e WHERE e.enumtypid = t.oid)',
    base: "CASE t.typtype WHEN 'd' THEN format_type(t.typbasetype, t.typtypmod) END",
    notNull: "CASE t.typtype WHEN 'd' THEN t.typnotnull END",
    default: 't.typdefault',
    collation: 'CASE WHEN t.typcollation <> 0 THEN t.typcollation::regcollation::text END',
    range: `(SELECT jsonb_build_object('subtype', r.rngsubtype::regtype::text, 'canonical', r.rngcanonical::text,
      'diff', r.rngsubdiff::text, 'multirange', r.rngmultitypid::regtype::text) FROM pg_range r WHERE r.rngtypid = t.oid)`,
  })}
    FROM pg_type t LEFT JOIN pg_class c ON c.oid = t.typrelid
    WHERE ${own('pg_type', 't.oid', 't.typnamespace')} AND t.typcategory <> 'A'
      AND (c.oid IS NULL OR c.relkind = 'c')`,

  relations: `SELECT ${line({
    relation: 'c.oid::regclass::text',
    kind: 'c.relkind',
    persistence: 'c.relpersistence',
    owner: role('c.relowner'),
    acl: acl('c.relacl'),
    options: 'c.reloptions::text',
    accessMethod: '(SELECT amname FROM pg_am WHERE pg_am.oid = c.relam)',
    tablespace: '(SELECT spcname FROM pg_tablespace s WHERE s.oid = c.reltablespace)',
    replicaIdentity: 'c.relreplident',
    rowSecurity: 'c.relrowsecurity::text || c.relforcerowsecurity::text',
    partitionKey: 'pg_get_partkeydef(c.oid)',
    partitionBound: 'pg_get_expr(c.relpartbound, c.oid)',
    inherits:
      '(SELECT array_agg(i.inhparent::regclass::text ORDER BY i.inhseqno) FROM pg_inherits i WHERE i.inhrelid = c.oid)',
    ofType: 'CASE WHEN c.reloftype <> 0 THEN c.reloftype::regtype::text END',
    view: "CASE WHEN c.relkind IN ('v', 'm') THEN pg_get_viewdef(c.oid) END",
    populated: "CASE WHEN c.relkind = 'm' THEN c.relispopulated END",
    foreign: `(SELECT jsonb_build_object('server', s.srvname, 'options', f.ftoptions)
      FROM pg_foreign_table f JOIN pg_foreign_server s ON s.oid = f.ftserver WHERE f.ftrelid = c.oid)`,
  })}
    FROM pg_class c WHERE ${own('pg_class', 'c.oid', 'c.relnamespace')} AND c.relkind IN ('r', 'v', 'm', 'p', 'f', 'c')`,

  // By position among the living ones: a dropped column leaves a hole in attnum.
  columns: `SELECT ${line({
    relation: 'c.oid::regclass::text',
    position: 'row_number() OVER (PARTITION BY c.oid ORDER BY a.attnum)',
    column: 'a.attname',
    type: 'format_type(a.atttypid, a.atttypmod)',
    notNull: 'a.attnotnull',
    default: 'pg_get_expr(d.adbin, d.adrelid)',
    identity: "NULLIF(a.attidentity, '')",
    generated: "NULLIF(a.attgenerated, '')",
    collation: `CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation::text END`,
    storage: 'a.attstorage',
    compression: "NULLIF(a.attcompression, '')",
    statistics: 'a.attstattarget',
    local: 'a.attislocal',
    options: 'a.attoptions::text',
    foreignOptions: 'a.attfdwoptions::text',
    acl: acl('a.attacl'),
  })}
    FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid JOIN pg_type t ON t.oid = a.atttypid
      LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
    WHERE ${own('pg_class', 'c.oid', 'c.relnamespace')} AND c.relkind IN ('r', 'v', 'm', 'p', 'f', 'c')
      AND a.attnum > 0 AND NOT a.attisdropped`,

  sequences: `SELECT ${line({
    sequence: 'c.oid::regclass::text',
    owner: role('c.relowner'),
    acl: acl('c.relacl'),
    persistence: 'c.relpersistence',
    type: 's.seqtypid::regtype::text',
    range: "concat_ws(' ', s.seqstart, s.seqincrement, s.seqmin, s.seqmax, s.seqcache, s.seqcycle)",
    ownedBy: `(SELECT d.refobjid::regclass::text || '.' || a.attname || ' ' || d.deptype::text FROM pg_depend d
      JOIN pg_attribute a ON a.attrelid = d.refobjid AND a.attnum = d.refobjsubid
      WHERE d.classid = 'pg_class'::regclass AND d.objid = c.oid AND d.deptype IN ('a', 'i'))`,
  })}
    FROM pg_sequence s JOIN pg_class c ON c.oid = s.seqrelid WHERE ${own('pg_class', 'c.oid', 'c.relnamespace')}`,

  constraints: `SELECT ${line({
    on: 'CASE WHEN k.conrelid <> 0 THEN k.conrelid::regclass::text ELSE k.contypid::regtype::text END',
    constraint: 'k.conname',
    definition: 'pg_get_constraintdef(k.oid)',
    kind: 'k.contype',
    validated: 'k.convalidated',
    deferred: 'k.condeferrable::text || k.condeferred::text',
    local: 'k.conislocal',
  })}
    FROM pg_constraint k WHERE ${own('pg_constraint', 'k.oid', 'k.connamespace')}
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.deptype = 'e' AND e.objid IN (k.conrelid, k.contypid) AND e.objid <> 0)`,

  indexes: `SELECT ${line({
    index: 'i.indexrelid::regclass::text',
    definition: 'pg_get_indexdef(i.indexrelid)',
    valid: 'i.indisvalid',
    ready: 'i.indisready',
    live: 'i.indislive',
    clustered: 'i.indisclustered',
    replicaIdentity: 'i.indisreplident',
    immediate: 'i.indimmediate',
    partitionOf: '(SELECT n.inhparent::regclass::text FROM pg_inherits n WHERE n.inhrelid = i.indexrelid)',
    tablespace: '(SELECT spcname FROM pg_tablespace s WHERE s.oid = c.reltablespace)',
    statistics: `(SELECT array_agg(a.attstattarget ORDER BY a.attnum) FROM pg_attribute a
      WHERE a.attrelid = i.indexrelid AND a.attstattarget <> -1)`,
  })}
    FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid WHERE ${own('pg_class', 'i.indrelid', 'c.relnamespace')}`,

  functions: `SELECT ${line({
    function: 'p.oid::regprocedure::text',
    owner: role('p.proowner'),
    acl: acl('p.proacl'),
    definition: "CASE WHEN p.prokind <> 'a' THEN pg_get_functiondef(p.oid) END",
    aggregate: `(SELECT to_jsonb(g) - 'aggfnoid' - 'aggtranstype' - 'aggmtranstype' - 'aggsortop'
        || jsonb_build_object('state', g.aggtranstype::regtype::text, 'moving', g.aggmtranstype::regtype::text,
          'sort', g.aggsortop::regoperator::text, 'result', p.prorettype::regtype::text, 'parallel', p.proparallel)
      FROM pg_aggregate g WHERE g.aggfnoid = p.oid)`,
  })}
    FROM pg_proc p WHERE ${own('pg_proc', 'p.oid', 'p.pronamespace')}`,

  triggers: `SELECT ${line({
    trigger: 'pg_get_triggerdef(t.oid)',
    enabled: 't.tgenabled',
    parent: 'CASE WHEN t.tgparentid <> 0 THEN true END',
  })}
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND ${own('pg_class', 'c.oid', 'c.relnamespace')}`,

  'foreign key triggers switched off': `SELECT ${line({
    on: 't.tgrelid::regclass::text',
    constraint: '(SELECT k.conname FROM pg_constraint k WHERE k.oid = t.tgconstraint)',
    enabled: 't.tgenabled',
    calls: 't.tgfoid::regproc::text',
  })}
    FROM pg_trigger t WHERE t.tgisinternal AND t.tgenabled <> 'O'`,

  'event triggers': `SELECT ${line({
    eventTrigger: 'evtname',
    event: 'evtevent',
    owner: role('evtowner'),
    calls: 'evtfoid::regproc::text',
    enabled: 'evtenabled',
    tags: 'evttags::text',
  })}
    FROM pg_event_trigger t WHERE ${own('pg_event_trigger', 't.oid')}`,

  rules: `SELECT ${line({ rule: 'pg_get_ruledef(r.oid)', enabled: 'r.ev_enabled' })}
    FROM pg_rewrite r JOIN pg_class c ON c.oid = r.ev_class
    WHERE r.rulename <> '_RETURN' AND ${own('pg_class', 'c.oid', 'c.relnamespace')}`,

  policies: `SELECT ${line({
    table: 'p.polrelid::regclass::text',
    policy: 'p.polname',
    permissive: 'p.polpermissive',
    command: 'p.polcmd',
    roles:
      "(SELECT array_agg(CASE o WHEN 0 THEN 'public' ELSE o::regrole::text END ORDER BY 1) FROM unnest(p.polroles) o)",
    using: 'pg_get_expr(p.polqual, p.polrelid)',
    check: 'pg_get_expr(p.polwithcheck, p.polrelid)',
  })}
    FROM pg_policy p`,

  statistics: `SELECT ${line({
    statistics: 'pg_get_statisticsobjdef(s.oid)',
    owner: role('s.stxowner'),
    target: 's.stxstattarget',
  })}
    FROM pg_statistic_ext s WHERE ${own('pg_statistic_ext', 's.oid', 's.stxnamespace')}`,

  collations: `SELECT ${line({
    collation: 'c.oid::regcollation::text',
    owner: role('c.collowner'),
    definition: "to_jsonb(c) - 'oid' - 'collname' - 'collnamespace' - 'collowner'",
  })}
    FROM pg_collation c WHERE ${own('pg_collation', 'c.oid', 'c.collnamespace')}`,

  operators: `SELECT ${line({
    operator: 'o.oid::regoperator::text',
    owner: role('o.oprowner'),
    function: 'o.oprcode::text',
    commutator: 'o.oprcom::regoperator::text',
    negator: 'o.oprnegate::regoperator::text',
    estimators: "concat_ws(' ', o.oprrest, o.oprjoin, o.oprcanmerge, o.oprcanhash)",
  })}
    FROM pg_operator o WHERE ${own('pg_operator', 'o.oid', 'o.oprnamespace')}`,

  casts: `SELECT ${line({
    cast: "c.castsource::regtype::text || ' AS ' || c.casttarget::regtype::text",
    function: 'c.castfunc::regprocedure::text',
    context: 'c.castcontext::text || c.castmethod::text',
  })}
    FROM pg_cast c WHERE ${own('pg_cast', 'c.oid')}`,

  'operator families': `SELECT ${line({
    member: 'pg_describe_object(d.classid, d.objid, 0)',
    of: 'pg_describe_object(d.refclassid, d.refobjid, 0)',
  })}
    FROM pg_depend d WHERE d.refclassid IN ('pg_opfamily'::regclass, 'pg_opclass'::regclass) AND d.refobjid >= 16384
      AND d.classid IN ('pg_amop'::regclass, 'pg_amproc'::regclass, 'pg_opclass'::regclass)
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.refclassid AND e.objid = d.refobjid AND e.deptype = 'e')`,

  'text search': `SELECT ${line({
    configuration: 'c.oid::regconfig::text',
    token: 'm.maptokentype',
    dictionaries: 'array_agg(m.mapdict::regdictionary::text ORDER BY m.mapseqno)',
  })}
    FROM pg_ts_config c LEFT JOIN pg_ts_config_map m ON m.mapcfg = c.oid
    WHERE ${own('pg_ts_config', 'c.oid', 'c.cfgnamespace')} GROUP BY c.oid, m.maptokentype
    UNION ALL SELECT ${line({ dictionary: 'd.oid::regdictionary::text', options: 'd.dictinitoption' })}
    FROM pg_ts_dict d WHERE ${own('pg_ts_dict', 'd.oid', 'd.dictnamespace')}`,

  publications: `SELECT ${line({
    publication: 'p.pubname',
    owner: role('p.pubowner'),
    definition: "to_jsonb(p) - 'oid' - 'pubowner'",
    tables: `(SELECT array_agg(r.prrelid::regclass::text || coalesce(' ' || r.prattrs::text, '')
      || coalesce(' ' || pg_get_expr(r.prqual, r.prrelid), '') ORDER BY 1) FROM pg_publication_rel r WHERE r.prpubid = p.oid)`,
    schemas: `(SELECT array_agg(n.pnnspid::regnamespace::text ORDER BY 1)
      FROM pg_publication_namespace n WHERE n.pnpubid = p.oid)`,
  })}
    FROM pg_publication p`,

  'foreign data': `SELECT ${line({ wrapper: 'fdwname', options: 'fdwoptions::text', acl: acl('fdwacl') })}
    FROM pg_foreign_data_wrapper w WHERE ${own('pg_foreign_data_wrapper', 'w.oid')}
    UNION ALL SELECT ${line({ server: 'srvname', type: 'srvtype', version: 'srvversion', options: 'srvoptions::text', acl: acl('srvacl') })}
    FROM pg_foreign_server s WHERE ${own('pg_foreign_server', 's.oid')}
    UNION ALL SELECT ${line({ mapping: 'srvname', user: 'usename', options: 'umoptions::text' })} FROM pg_user_mappings`,

  languages: `SELECT ${line({ language: 'lanname', trusted: 'lanpltrusted', acl: acl('lanacl') })}
    FROM pg_language`,

  'default privileges': `SELECT ${line({
    role: role('defaclrole'),
    schema: 'CASE WHEN defaclnamespace <> 0 THEN defaclnamespace::regnamespace::text END',
    kind: 'defaclobjtype',
    acl: acl('defaclacl'),
  })}
    FROM pg_default_acl`,

  comments: `SELECT ${line({
    on: 'pg_describe_object(d.classoid, d.objoid, d.objsubid)',
    comment: 'd.description',
  })}
    FROM pg_description d
    WHERE (d.objoid >= 16384 OR d.objoid = 'public'::regnamespace)
      AND NOT EXISTS (SELECT FROM pg_depend e WHERE e.classid = d.classoid AND e.objid = d.objoid AND e.deptype = 'e')`,

  'large objects': `SELECT ${line({ count: 'count(*)' })} FROM pg_largeobject_metadata HAVING count(*) > 0`,
};
