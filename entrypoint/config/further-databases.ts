import type { SettingProblem } from '../core/errors.ts';
import type { ConnectionSettings } from '../postgres/connection-settings.ts';
import { type DatabasesSection, namesOfFurther } from './config-file/databases-section.ts';
import { inConfigFile } from './config-file/keys.ts';
import { nameAsSet, sourceOfUrl } from './connection-source.ts';
import { type DatabaseConfig, readConnection, withSettings } from './database-config.ts';
import type { ResolvedEnvironment } from './environment.ts';
import { isVariableName, type Values } from './values.ts';

/** A database of the app beside the first. */
export interface FurtherDatabase {
  readonly name: string;
  readonly database: DatabaseConfig;
}

/** The databases of `zarpe.config.json` beside the first; what is missing becomes a problem. */
export function readFurtherDatabases(
  environment: ResolvedEnvironment,
  values: Values,
  appDir: string,
  problems: SettingProblem[],
): readonly FurtherDatabase[] {
  const section = environment.sections.databases ?? [];
  problems.push(...findTaken(section, environment), ...refuseCli(section, values));
  return section.flatMap(({ name, urlFrom, directUrlFrom = [] }) => {
    const read = (names: readonly string[]) => {
      const variable = names.find((candidate) => candidate in environment.variables);
      const url = variable === undefined ? undefined : environment.variables[variable];
      if (variable === undefined || url === undefined) return undefined;
      const direct = nameAsSet(environment, directUrlFrom[0] ?? variable);
      const source = sourceOfUrl(nameAsSet(environment, variable), direct);
      return readConnection({ url, variables: [variable], source }, environment, appDir, problems);
    };
    if (!urlFrom.some((variable) => variable in environment.variables)) {
      problems.push(missing(name, urlFrom));
      return [];
    }
    const [server, direct] = [read(urlFrom), read(directUrlFrom)];
    if (server === undefined) return [];
    return [{ name, database: withSettings(server, direct, values) }];
  });
}

/** A problem for each database that is the same as one before it. */
export function findSameDatabases(databases: readonly DatabaseConfig[]): SettingProblem[] {
  const places = new Map<string, string>();
  return databases.flatMap(({ connection }) => {
    const place = placeOf(connection);
    const other = places.get(place);
    if (other !== undefined) return [sameDatabase(connection.source.url, other)];
    places.set(place, connection.source.url);
    return [];
  });
}

function placeOf({ host, port, database, schema }: ConnectionSettings): string {
  return JSON.stringify([host, port, database, schema ?? 'public']);
}

/** One name for two databases, or one variable for the connections of both. */
function findTaken(section: DatabasesSection, { urlNames }: ResolvedEnvironment): SettingProblem[] {
  const names = new Set<string>();
  const variables = new Set([...urlNames.server, ...urlNames.direct]);
  return section.flatMap((database, at) => {
    const where = `databases[${at}]`;
    const isTaken = names.has(database.name);
    names.add(database.name);
    const own = namesOfFurther([database]);
    const reused = own.filter((variable) => variables.has(variable) || isVariableName(variable));
    for (const variable of own) variables.add(variable);
    return [
      ...(isTaken ? [describe(`${where}.name`, 'a name of its own', `\`${database.name}\` again`)] : []),
      ...reused.map((variable) => describe(where, 'variables that no other database is read from', variable)),
    ];
  });
}

function refuseCli(section: DatabasesSection, values: Values): SettingProblem[] {
  if (section.length === 0 || values.ENTRYPOINT_MIGRATE_ENGINE !== 'cli') return [];
  const hint =
    "The Prisma CLI reads one schema. Remove ENTRYPOINT_MIGRATE_ENGINE, or 'databases' from the file.";
  return [{ ...describe('databases', 'ENTRYPOINT_MIGRATE_ENGINE=embedded', '`cli`'), hint }];
}

function describe(key: string, expected: string, got: string): SettingProblem {
  return { what: inConfigFile(key), expected, got, hint: 'Choose another one.' };
}

function missing(name: string, urlFrom: readonly string[]): SettingProblem {
  return {
    what: urlFrom.join(', '),
    expected: `the connection string of the database ${name} (zarpe.config.json)`,
    got: 'nothing',
    hint: `Set ${urlFrom.join(' or ')}.`,
  };
}

/** Two histories in one table would each take the other's migrations for its own. */
function sameDatabase(variable: string, other: string): SettingProblem {
  return {
    what: variable,
    expected: 'a database, or a schema of it, of its own',
    got: `the same as ${other}`,
    hint: 'Correct one of them: two folders of migrations cannot share a history.',
  };
}
