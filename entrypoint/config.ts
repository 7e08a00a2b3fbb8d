import { appEnvironment } from './config/app-environment.ts';
import { checkRuntimeValues } from './config/check-runtime-values.ts';
import { checkCommand } from './config/command.ts';
import { inConfigFile, keyOf } from './config/config-file/keys.ts';
import { type DatabaseConfig, isDatabaseVariable, readDatabase } from './config/database-config.ts';
import type { Templates } from './config/derived-variables.ts';
import type { ResolvedEnvironment } from './config/environment.ts';
import { type FurtherDatabase, findSameDatabases, readFurtherDatabases } from './config/further-databases.ts';
import { checkHookCommands } from './config/hooks.ts';
import { checkRequirement } from './config/required-env.ts';
import { checkServerSource } from './config/server-source.ts';
import { type Settings, toSettings } from './config/settings.ts';
import { checkAppDir, findMisspelt, isVariableName, readValues, type Values } from './config/values.ts';
import { BootError, type SettingProblem } from './core/errors.ts';
import { hasExecve } from './steps/serve/exec.ts';

/** The validated configuration. Durations are in milliseconds; undefined means off. */
export interface Config extends AppSettings {
  readonly database: DatabaseConfig;
  /** Those of `databases` in zarpe.config.json. */
  readonly further: readonly FurtherDatabase[];
}

/** The same with ENTRYPOINT_DATABASE=off. */
export interface ConfigWithoutDatabase extends AppSettings {
  readonly database: undefined;
  /** What is wrong with the connection strings, which only the app uses. */
  readonly ignored: readonly SettingProblem[];
}

export type AnyConfig = Config | ConfigWithoutDatabase;

interface AppSettings extends Settings {
  /** The environment of the seed and the server, while it is open whether there is TLS: `resolveAppEnv`. */
  readonly appEnv: NodeJS.ProcessEnv;
  /** The variables in it that are made of others. */
  readonly templates: Templates;
}

/** The configuration as far as it can be read, and its problems. */
export interface ConfigReport {
  /** Undefined if there is any problem. */
  readonly config: AnyConfig | undefined;
  /** With defaults instead of malformed values. */
  readonly settings: Settings;
  readonly problems: {
    /** Of the variables that describe the database. */
    readonly database: readonly SettingProblem[];
    readonly others: readonly SettingProblem[];
  };
}

/** Validates the whole environment; throws one `CONFIG_INVALID` with every problem. */
export function readConfig(environment: ResolvedEnvironment, appDir: string): AnyConfig {
  const { config, problems } = examineConfig(environment, appDir);
  if (config !== undefined) return config;
  throw new BootError('CONFIG_INVALID', [...problems.database, ...problems.others]);
}

/** Validates the whole environment, and answers with the parts that are valid. */
export function examineConfig(environment: ResolvedEnvironment, appDir: string): ConfigReport {
  const problems: SettingProblem[] = [...environment.problems];
  const values = readValues(environment.variables, problems);
  problems.push(
    ...findMisspelt(environment.variables),
    ...checkAppDir(environment.variables),
    ...checkCommand('ENTRYPOINT_SEED_COMMAND', values.ENTRYPOINT_SEED_COMMAND),
    ...checkHookCommands(environment.sections.hooks),
    ...checkRuntimeValues(environment, appDir),
    ...checkRequirements(environment),
    ...checkServerSource(values, environment.variables),
    ...checkHandover(values),
  );
  const databaseProblems = problems.filter(({ what }) => isDatabaseVariable(what, environment));
  const others = problems.filter(({ what }) => !isDatabaseVariable(what, environment));
  const first = readDatabase(environment, values, appDir, databaseProblems);
  const further = readFurtherDatabases(environment, values, appDir, databaseProblems);
  const databases = [...(first === undefined ? [] : [first]), ...further.map(({ database }) => database)];
  databaseProblems.push(...findSameDatabases(databases));
  const ofFurther = further.flatMap(({ database }) => database.ofApp);
  const database = first && { ...first, ofApp: [...first.ofApp, ...ofFurther] };
  const isOff = values.ENTRYPOINT_DATABASE === 'off';
  const ignored = isOff ? databaseProblems.splice(0).filter(({ got }) => got !== 'nothing') : [];
  const settings = toSettings(values, environment, appDir);
  const { templates } = environment;
  const ofApp = appEnvironment(environment, values, database?.ofApp ?? []);
  // Without a valid connection string there is nothing to make these of.
  const derived = templates.expand(ofApp, databaseProblems.length + others.length === 0 ? others : []);
  const app = { appEnv: { ...ofApp, ...derived }, templates };
  const isValid = databaseProblems.length + others.length === 0;
  return {
    settings,
    problems: {
      database: databaseProblems.map((problem) => locate(problem, environment)),
      others: others.map((problem) => locate(problem, environment)),
    },
    config: isValid
      ? toConfig({ ...app, ...settings }, isOff ? undefined : database, further, ignored)
      : undefined,
  };
}

function toConfig(
  app: AppSettings,
  database: DatabaseConfig | undefined,
  further: readonly FurtherDatabase[],
  ignored: readonly SettingProblem[],
): AnyConfig {
  return database === undefined ? { ...app, database, ignored } : { ...app, database, further };
}

/** Names the key where a value comes from `zarpe.config.json`. */
function locate(problem: SettingProblem, { fromConfig }: ResolvedEnvironment): SettingProblem {
  const names = problem.what.split(', ');
  const located = names.map((name) =>
    isVariableName(name) && Object.hasOwn(fromConfig, name) ? inConfigFile(keyOf(name)) : name,
  );
  return { ...problem, what: located.join(', ') };
}

function checkRequirements({ variables, requirements, problems }: ResolvedEnvironment): SettingProblem[] {
  const unreadable = new Set(problems.map(({ what }) => what));
  return requirements
    .filter(({ name }) => !unreadable.has(`${name}_FILE`))
    .map((required) => checkRequirement(required, variables[required.name]))
    .filter((problem) => problem !== undefined);
}

function checkHandover({ ENTRYPOINT_HANDOVER: handover }: Values): SettingProblem[] {
  if (handover !== 'exec' || hasExecve()) return [];
  return [
    {
      what: 'ENTRYPOINT_HANDOVER',
      expected: 'Node.js 22.15 or later for exec (process.execve), not on Windows',
      got: `Node.js ${process.versions.node}`,
      hint: 'Use a newer Node.js, or set it to auto or spawn.',
    },
  ];
}
