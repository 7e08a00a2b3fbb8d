/** Literal texts, and references to variables with what stands for one that is unset. */
export type Template = readonly (string | TemplateReference)[];
export interface TemplateReference {
  readonly reference: string;
  readonly fallback: Template | undefined;
}

export type TemplateSyntaxFault = 'dollar' | 'unclosed' | 'deep';

/** Levels of braces within a default. */
export const DEEPEST = 32;

export class TemplateSyntaxError extends Error {
  readonly fault: TemplateSyntaxFault;

  constructor(fault: TemplateSyntaxFault) {
    super(fault);
    this.fault = fault;
  }
}

const TOKEN = /\$\$|\$\{[A-Za-z_]\w*(?::-|(?=\}|$))|[{}$]|[^{}$]+/g;

/** Reads a text with `${NAME}`, `${NAME:-default}` and `$$`. A default is such a text; the braces in it are in pairs. */
export function parseTemplate(text: string): Template {
  const tokens = text.match(TOKEN) ?? [];
  let at = 0;

  const readParts = (depth: number): Template => {
    if (depth > DEEPEST) throw new TemplateSyntaxError('deep');
    const isInBraces = depth > 0;
    const parts: (string | TemplateReference)[] = [];
    for (let token = tokens[at]; token !== undefined; token = tokens[at]) {
      if (isInBraces && token === '}') return parts;
      at += 1;
      if (token === '$') throw new TemplateSyntaxError('dollar');
      if (token === '$$') parts.push('$');
      else if (token.startsWith('${')) parts.push(readReference(token, depth));
      else if (isInBraces && token === '{') parts.push('{', ...readParts(depth + 1), closeBrace());
      else parts.push(token);
    }
    if (isInBraces) throw new TemplateSyntaxError('unclosed');
    return parts;
  };
  const readReference = (token: string, depth: number): TemplateReference => {
    const hasFallback = token.endsWith(':-');
    const reference = token.slice(2, hasFallback ? -2 : undefined);
    const fallback = hasFallback ? readParts(depth + 1) : undefined;
    closeBrace();
    return { reference, fallback };
  };
  const closeBrace = (): string => {
    const token = tokens[at];
    if (token !== '}') throw new TemplateSyntaxError('unclosed');
    at += 1;
    return token;
  };
  return readParts(0);
}
