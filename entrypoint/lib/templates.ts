import {
  parseTemplate,
  type Template,
  TemplateSyntaxError,
  type TemplateSyntaxFault,
} from './parse-template.ts';

/** Why a text with references cannot be expanded. */
export type TemplateFault =
  | { readonly kind: TemplateSyntaxFault }
  | { readonly kind: 'unset'; readonly reference: string }
  | { readonly kind: 'cycle'; readonly names: readonly string[] };

type LookUp = (name: string) => string | undefined;

class FaultError extends Error {
  readonly fault: TemplateFault;

  constructor(fault: TemplateFault) {
    super(fault.kind);
    this.fault = fault;
  }
}

/** An environment with the variables that texts make of it; those with a fault are left out. */
export function addExpanded(
  env: NodeJS.ProcessEnv,
  templates: Readonly<Record<string, string>>,
): NodeJS.ProcessEnv {
  // An environment without the variable `constructor` must not have that of its prototype.
  const lookUp = (name: string) => (Object.hasOwn(env, name) ? env[name] : undefined);
  return { ...env, ...expandTemplates(templates, lookUp) };
}

/**
 * Texts in which `${NAME}` and `${NAME:-default}` stand for values and `$$` for a dollar, as in a Compose file. They may
 * refer to one another, in any order. One with a fault is left out, and reported.
 */
export function expandTemplates(
  templates: Readonly<Record<string, string>>,
  lookUp: LookUp,
  report: (name: string, fault: TemplateFault) => void = () => undefined,
): Record<string, string> {
  const expandNamed = (name: string, outer: readonly string[]): string | undefined => {
    if (!Object.hasOwn(templates, name)) return lookUp(name);
    const path = [...outer, name];
    if (outer.includes(name)) throw new FaultError({ kind: 'cycle', names: path.slice(path.indexOf(name)) });
    return expand(parseTemplate(templates[name] ?? ''), (reference) => expandNamed(reference, path));
  };
  const values: [name: string, value: string][] = [];
  for (const name of Object.keys(templates)) {
    try {
      values.push([name, expandNamed(name, []) ?? '']);
    } catch (error) {
      report(name, faultOf(error));
    }
  }
  return Object.fromEntries(values);
}

function expand(template: Template, lookUp: LookUp): string {
  const texts = template.map((part) => {
    if (typeof part === 'string') return part;
    const { reference, fallback } = part;
    const value = lookUp(reference);
    if (value !== undefined && value !== '') return value;
    if (fallback === undefined) throw new FaultError({ kind: 'unset', reference });
    return expand(fallback, lookUp);
  });
  return texts.join('');
}

function faultOf(error: unknown): TemplateFault {
  if (error instanceof FaultError) return error.fault;
  if (error instanceof TemplateSyntaxError) return { kind: error.fault };
  throw error;
}
