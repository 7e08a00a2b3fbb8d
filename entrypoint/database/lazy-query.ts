/** What the query of a text, as SQL, answers: planned where it is run, and only there. */
export function queryAsXml(query: string): string {
  return `pg_catalog.query_to_xml(${query}, true, false, '')::pg_catalog.text`;
}

/** Its only cell; null where it has no row. For what XML need not escape. */
export function queryCell(query: string): string {
  return `pg_catalog.substring(${queryAsXml(query)}, '<cell>(.*)</cell>')`;
}

/**
 * The answer of a query on a relation that was found trusted; null where its name means another one by now. To plan a query
 * runs functions in the indexes, statistics and partitions of its table. So the name is first looked up and locked, by a query
 * from whose plan the planner drops it, and then means the same relation to the end of the transaction.
 * @param name of the relation, as SQL for a text in which it is qualified and quoted
 */
export function queryHeld(name: string, oid: string, query: string): string {
  return `case when ${queryAsXml(`'select case when false then (select 1 from ' || ${name} || ') end'`)} is null then null
    when pg_catalog.to_regclass(${name})::pg_catalog.oid = ${oid} then ${queryAsXml(query)} end`;
}
