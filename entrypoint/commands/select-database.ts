import type { AnyConfig, Config } from '../config.ts';
import { BootError } from '../core/errors.ts';
import { nearest } from '../lib/nearest.ts';
import { noDatabase } from '../steps/without-database.ts';
import type { Invocation } from './command.ts';

/** The configuration of a command that is about one database: the first, or the one that `--database` names. */
export function selectDatabase(
  config: AnyConfig,
  command: string,
  { database }: Invocation['flags'],
): Config {
  if (config.database === undefined) throw noDatabase(command);
  if (database === undefined) return alone(config);
  const selected = ofDatabase(config, String(database));
  if (selected !== undefined) return selected;
  const names = config.further.map(({ name }) => name);
  const suggestion = nearest(String(database), names);
  throw new BootError('USAGE', {
    what: '--database',
    expected: names.length === 0 ? 'no name: zarpe.config.json has no `databases`' : names.join(' or '),
    got: `\`${database}\``,
    hint:
      suggestion === undefined
        ? 'Without the flag, the first database is meant.'
        : `Did you mean ${suggestion}?`,
  });
}

/** The configuration with a further database in the place of the first; undefined where there is none of that name. */
export function ofDatabase(config: Config, name: string): Config | undefined {
  const further = config.further.find((candidate) => candidate.name === name);
  const place = config.build.further.find((candidate) => candidate.name === name);
  if (further === undefined || place === undefined) return undefined;
  const { prismaDir, migrationsDir } = place;
  return alone({
    ...config,
    database: further.database,
    build: { ...config.build, prismaDir, migrationsDir },
    seed: { ...config.seed, mode: 'never' },
  });
}

function alone(config: Config): Config {
  return { ...config, further: [], build: { ...config.build, further: [] } };
}
