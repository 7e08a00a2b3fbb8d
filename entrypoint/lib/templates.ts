import {
  parseTemplate,
  type Template,
  type TemplateReference,
  TemplateSyntaxError,
  type TemplateSyntaxFault,
} from './parse-template.ts';

/** Why a text with references cannot be expanded. */
export type TemplateFault =
  | { readonly kind: TemplateSyntaxFault }
  | { readonly kind: 'unset'; readonly reference: string }
  | { readonly kind: 'cycle'; readonly names: readonly string[] }
  | { readonly kind: 'long' | 'distant' };

/** Of all values together, in characters: Linux starts no program with a variable of 128 kB. */
export const LONGEST_VALUES = 64 * 1024;
/** References that follow one another, from a value to what it is made of. */
export const MOST_STEPS = 32;

type LookUp = (name: string) => string | undefined;

class FaultError extends Error {
  readonly fault: TemplateFault;

  constructor(fault: TemplateFault) {
    super(fault.kind);
    this.fault = fault;
  }
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
  const expanded = new Map<string, string>();
  let room = LONGEST_VALUES;
  const expandNamed = (name: string, outer: readonly string[]): string | undefined => {
    if (!Object.hasOwn(templates, name)) return lookUp(name);
    const path = [...outer, name];
    if (outer.includes(name)) throw new FaultError({ kind: 'cycle', names: path.slice(path.indexOf(name)) });
    if (outer.length === MOST_STEPS) throw new FaultError({ kind: 'distant' });
    // Each is expanded once: the work would double with each one that refers twice to the next.
    const known = expanded.get(name);
    if (known !== undefined) return known;
    const template = parseTemplate(templates[name] ?? '');
    const value = expand(template, (reference) => expandNamed(reference, path));
    if (value.length > room) throw new FaultError({ kind: 'long' });
    expanded.set(name, value);
    room -= value.length;
    return value;
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
  let text = '';
  for (const part of template) {
    text += typeof part === 'string' ? part : expandReference(part, lookUp);
    if (text.length > LONGEST_VALUES) throw new FaultError({ kind: 'long' });
  }
  return text;
}

function expandReference({ reference, fallback }: TemplateReference, lookUp: LookUp): string {
  const value = lookUp(reference);
  if (value !== undefined && value !== '') return value;
  if (fallback === undefined) throw new FaultError({ kind: 'unset', reference });
  return expand(fallback, lookUp);
}

function faultOf(error: unknown): TemplateFault {
  if (error instanceof FaultError) return error.fault;
  if (error instanceof TemplateSyntaxError) return { kind: error.fault };
  throw error;
}
