import { constants, copyFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface, type Interface } from 'node:readline/promises';
import { parseArgs } from 'node:util';
import { codeOf } from '../../entrypoint/lib/describe-error.ts';
import { Interrupted, ProgramError } from '../failure.ts';
import { type Assets, type Change, describeChange, makePlan, type Plan } from '../plan.ts';
import { type Project, readProject } from '../project/project.ts';
import { replaceFile } from '../replace-file.ts';

const HELP = `zarpe init [--app FOLDER] [--dry-run | --yes]

Prepares a Next.js project with Prisma for a container: a Dockerfile, a Compose file with PostgreSQL and backups, the
settings of the entrypoint. It shows what it would do, and asks. It overwrites nothing without a yes, and keeps what a file
contained as FILE.before-zarpe (later .2, .3 …).

  --app FOLDER   the folder of the app, where a repository has several
  --dry-run      shows what it would do, and writes nothing
  --yes          answers every question with yes
  --help         prints this`;

const ANSWERS = 'Use --yes, or --dry-run.';

/** Prepares an existing project for the entrypoint. */
export async function init(args: string[], assets: Assets): Promise<number> {
  const { values } = parseArgs({
    args,
    options: {
      app: { type: 'string' },
      'dry-run': { type: 'boolean', default: false },
      yes: { type: 'boolean', short: 'y', default: false },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) {
    console.log(HELP);
    return 0;
  }
  const project = readProject(process.cwd(), values.app);
  const plan = makePlan(project, assets);
  console.log(describe(project, plan));
  if (plan.changes.length === 0 || values['dry-run']) return 0;
  if (!values.yes && process.stdin.isTTY !== true)
    throw new ProgramError('Nothing was written: there is no terminal to ask on', ANSWERS);
  const chosen = values.yes ? plan.changes : await ask(plan.changes);
  for (const change of chosen) await write(project.root, change);
  console.log(closing(chosen, plan.changes));
  return 0;
}

function describe(project: Project, { changes, notes }: Plan): string {
  const { root, packageManager, app, next, prisma } = project;
  const at = (path: string) => (path === '' ? '.' : path);
  const version = (major: number | undefined) => (major === undefined ? '' : ` ${major}`);
  return [
    `Project    ${root} (${packageManager.name}, ${packageManager.lockfile})`,
    `Next.js   ${version(next.major)} in ${at(app)}, ${next.isStandalone ? '' : 'not yet '}with output: 'standalone'`,
    `Prisma    ${version(prisma.major)} in ${prisma.dir}, ${prisma.migrations === undefined ? 'without migrations' : `migrations in ${prisma.migrations}`}`,
    `Seed       ${prisma.seed ?? 'none'}`,
    `Health     ${next.healthPath ?? 'no route yet'}`,
    '',
    ...(changes.length === 0
      ? ['Nothing to do: every file is as it should be.']
      : changes.map(describeChange)),
    ...(notes.length === 0 ? [] : ['', 'To do by hand:', ...notes.map((note) => `- ${note}`)]),
  ].join('\n');
}

/** New files with one question, each change of an existing file with its own. */
async function ask(changes: readonly Change[]): Promise<Change[]> {
  const terminal = createInterface({ input: process.stdin, output: process.stdout });
  const ended = untilEnded(terminal);
  const yes = async (question: string) =>
    /^y(?:es)?$/i.test((await Promise.race([terminal.question(`${question} [y/N] `), ended])).trim());
  try {
    const added = changes.filter(({ existing }) => existing === undefined);
    const chosen = added.length > 0 && (await yes(`\nWrite ${added.length} new files?`)) ? [...added] : [];
    for (const change of changes.filter(({ existing }) => existing !== undefined))
      if (await yes(`Change ${change.path} as shown above?`)) chosen.push(change);
    return chosen;
  } finally {
    terminal.close();
  }
}

/** Fails at Ctrl-C, and at the end of the input: a question alone would wait for ever. */
function untilEnded(terminal: Interface): Promise<never> {
  const ended = new Promise<never>((_, reject) => {
    terminal.once('SIGINT', () => {
      console.log();
      reject(new Interrupted());
    });
    terminal.once('close', () =>
      reject(new ProgramError('\nNothing was written: the input ended before the last answer', ANSWERS)),
    );
  });
  // It fails at each end, also where nobody waits for an answer any more.
  ended.catch(() => undefined);
  return ended;
}

/** What the file contained is kept beside it. */
async function write(root: string, { path, place, content, existing }: Change): Promise<void> {
  const file = join(root, place);
  try {
    if (existing !== undefined) await keep(file);
    await replaceFile(file, content);
  } catch (error) {
    throw new ProgramError(
      `${path} could not be written (${codeOf(error)})`,
      'Files before it in the list above are written. Remove the cause, and run init again: it goes on where it stopped.',
      error,
    );
  }
}

/** Beside what an earlier run kept, which may be what its owner wrote. */
async function keep(file: string): Promise<void> {
  for (let n = 1; ; n += 1) {
    try {
      return await copyFile(file, `${file}.before-zarpe${n === 1 ? '' : `.${n}`}`, constants.COPYFILE_EXCL);
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
    }
  }
}

function closing(written: readonly Change[], planned: readonly Change[]): string {
  if (written.length === 0) return '\nNothing was written.';
  const left = planned.filter((change) => !written.includes(change)).map(({ path }) => path);
  return [
    `\nWrote ${written.length} files${left.length === 0 ? '' : `, left as they are: ${left.join(', ')}`}. Next:`,
    '  cp .env.example .env && chmod 600 .env      and fill it in',
    '  docker compose up -d --build --wait',
  ].join('\n');
}
