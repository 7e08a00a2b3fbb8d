import { resolve } from 'node:path';
import type { SettingProblem } from '../core/errors.ts';
import { buildDatabaseUrl } from './build-database-url.ts';
import { parseDatabaseUrl } from './database-url.ts';
import { describeEnvFiles } from './env-files.ts';
import type { Values } from './values.ts';
import { VARIABLES } from './variables.ts';

/**
 * `DATABASE_URL`, or one built from the other `DATABASE_` variables.
 * @param serverDir the folder where Next.js looks for `.env` files
 */
export function readDatabaseUrl(
  values: Values,
  serverDir: string,
  problems: SettingProblem[],
): string | undefined {
  const { DATABASE_URL: url, DATABASE_HOST: host, DATABASE_USER: user, DATABASE_NAME: name } = values;
  const parts = { DATABASE_HOST: host, DATABASE_USER: user, DATABASE_NAME: name };
  const { DATABASE_PASSWORD, DATABASE_PARAMS } = values;
  const given = Object.entries({ ...parts, DATABASE_PASSWORD, DATABASE_PARAMS }).filter(
    ([, value]) => value !== undefined,
  );
  if (url !== undefined && given.length === 0) return url;
  const what = given.length === 0 ? 'DATABASE_URL' : given.map(([part]) => part).join(', ');
  if (url !== undefined) {
    problems.push({
      what: `DATABASE_URL, ${what}`,
      expected: 'either DATABASE_URL or the variables of its parts',
      got: 'both',
      hint: 'Remove DATABASE_URL or the other variables.',
    });
    return undefined;
  }
  if (host === undefined || user === undefined || name === undefined) {
    const missing = Object.keys(parts).filter((part) => parts[part as keyof typeof parts] === undefined);
    problems.push(
      given.length === 0
        ? {
            what,
            expected: VARIABLES.DATABASE_URL.expected,
            got: 'nothing',
            hint: [
              'Set DATABASE_URL, or DATABASE_HOST, DATABASE_USER, DATABASE_PASSWORD and DATABASE_NAME.',
              describeEnvFiles(serverDir),
            ]
              .filter((sentence) => sentence !== undefined)
              .join(' '),
          }
        : {
            what: missing.join(', '),
            expected: 'every part of the connection',
            got: 'nothing',
            hint: `Set ${missing.join(' and ')}.`,
          },
    );
    return undefined;
  }
  return buildDatabaseUrl({
    host,
    user,
    name,
    port: String(values.DATABASE_PORT),
    password: DATABASE_PASSWORD,
    params: DATABASE_PARAMS,
  });
}

export function readConnection(
  source: string,
  url: string | undefined,
  appDir: string,
  problems: SettingProblem[],
) {
  if (url === undefined) return undefined;
  const parsed = parseDatabaseUrl(source, url, resolve(appDir));
  if ('value' in parsed) return parsed.value;
  problems.push(parsed.problem);
  return undefined;
}
