import { join } from 'node:path';
import { isSecretName } from '../../entrypoint/config/secret-names.ts';
import { VARIABLES } from '../../entrypoint/config/variables.ts';
import { readSources } from './read.ts';

const SOURCE = /\.[cm]?[jt]sx?$/;
const NOT_SHIPPED =
  /^zarpe\/|(?:^|\/)(?:tests?|__tests__|e2e|cypress|scripts|\.storybook)\/|\.(?:test|spec|stories|d)\.[cm]?[jt]sx?$|(?:^|\/)(?:playwright|vitest|jest)\.config/;
const READ = /\bprocess\.env(?:\.([A-Z][A-Z0-9_]*)|\[\s*['"`]([A-Z][A-Z0-9_]*)['"`]\s*\])/g;
/** What Node.js, Next.js, the platform or Zarpe sets. */
const SET_BY_OTHERS =
  /^(?:NODE_.*|NEXT_(?!PUBLIC_).*|__NEXT.*|VERCEL.*|CI|ANALYZE|SKIP_ENV_VALIDATION|npm_.*|HOME|PATH|TZ|PRISMA_.*|ZARPE_.*)$/;

/** The variables that an app's code reads. */
export interface AppVariables {
  /** Read when the container runs. */
  readonly runtime: readonly { readonly name: string; readonly secret: boolean }[];
  /** `NEXT_PUBLIC_…`: part of the build. */
  readonly build: readonly string[];
  /** Whether a switch turns off validation of the environment during the build. */
  readonly hasValidationSwitch: boolean;
}

/** Those of connection strings are not among them: Zarpe makes them of the database's parts. */
export function findVariables(
  root: string,
  folders: readonly string[],
  urlNames: readonly string[],
): AppVariables {
  const sources = [...new Set(folders)].flatMap((folder) => readSources(join(root, folder), SOURCE));
  const texts = sources.filter(({ path }) => !NOT_SHIPPED.test(path)).map(({ text }) => text);
  const names = new Set(
    texts.flatMap((text) => [...text.matchAll(READ)].map(([, first, second]) => first ?? second ?? '')),
  );
  const own = [...names]
    .filter(
      (name) => !SET_BY_OTHERS.test(name) && !Object.hasOwn(VARIABLES, name) && !urlNames.includes(name),
    )
    .sort();
  return {
    runtime: own
      .filter((name) => !name.startsWith('NEXT_PUBLIC_'))
      .map((name) => ({ name, secret: isSecretName(name) })),
    build: own.filter((name) => name.startsWith('NEXT_PUBLIC_')),
    hasValidationSwitch: texts.some((text) => text.includes('SKIP_ENV_VALIDATION')),
  };
}
