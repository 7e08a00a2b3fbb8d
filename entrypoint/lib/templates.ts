/** Why a text with references cannot be expanded. */
export type TemplateFault =
  | { readonly kind: 'syntax' }
  | { readonly kind: 'unset'; readonly reference: string }
  | { readonly kind: 'cycle'; readonly names: readonly string[] };

/** Either may be followed by what matches neither: a dollar that stands for nothing. */
const DOLLAR = /\$(?:(\$)|\{([A-Za-z_]\w*)(?::-([^}]*))?\})?/g;

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
  lookUp: (name: string) => string | undefined,
  report: (name: string, fault: TemplateFault) => void = () => undefined,
): Record<string, string> {
  const expand = (name: string, outer: readonly string[]): string => {
    const path = [...outer, name];
    if (outer.includes(name)) throw new FaultError({ kind: 'cycle', names: path.slice(path.indexOf(name)) });
    return (templates[name] ?? '').replace(
      DOLLAR,
      (_, dollar?: string, reference?: string, fallback?: string) => {
        if (dollar !== undefined) return dollar;
        if (reference === undefined) throw new FaultError({ kind: 'syntax' });
        const value = Object.hasOwn(templates, reference) ? expand(reference, path) : lookUp(reference);
        if (value !== undefined && value !== '') return value;
        if (fallback === undefined) throw new FaultError({ kind: 'unset', reference });
        return fallback;
      },
    );
  };
  const values: [name: string, value: string][] = [];
  for (const name of Object.keys(templates)) {
    try {
      values.push([name, expand(name, [])]);
    } catch (error) {
      if (!(error instanceof FaultError)) throw error;
      report(name, error.fault);
    }
  }
  return Object.fromEntries(values);
}
