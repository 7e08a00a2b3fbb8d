import type { Hole } from './holes.ts';
import { type Placeholder, textOf } from './settings.ts';

/** Finds placeholders in a text. */
export interface Search {
  /** A hole for each placeholder. */
  find(text: string): Hole[];
  /** Every piece of text that looks like one, in whatever form. */
  traces(text: string): { readonly start: number; readonly end: number; readonly text: string }[];
}

/** Next.js puts only such variables into what the browser loads. */
const PUBLIC = 'NEXT_PUBLIC_';

/**
 * A search for the placeholders, and for `__NAME__` of every name with one of the prefixes. A placeholder is found in
 * the form of a URL's component too.
 */
export function createSearch(placeholders: readonly Placeholder[], prefixes: readonly string[]): Search {
  const forms = placeholders
    .flatMap(({ name, text }): { name: string; text: string; isPercent: boolean }[] => {
      const percent = encodeURIComponent(text);
      const plain = { name, text, isPercent: false };
      return percent === text ? [plain] : [plain, { name, text: percent, isPercent: true }];
    })
    .sort((a, b) => b.text.length - a.text.length);
  const byPrefix = prefixes.map((prefix) => `__(${escapeRegex(prefix)}[A-Z0-9_]*?[A-Z0-9])__`);
  const pattern = new RegExp(
    [...forms.map(({ text }) => `(${escapeRegex(text)})`), ...byPrefix].join('|'),
    'g',
  );
  const trace = new RegExp(
    [...placeholders.map(({ text }) => loosely(coreOf(text))), ...[...prefixes, PUBLIC].map(anyOf)].join('|'),
    'gi',
  );
  const longer = longerThan(placeholders, [...prefixes, PUBLIC]);
  return {
    find: (text) =>
      [...text.matchAll(pattern)].map(({ index, 0: found, ...groups }) => {
        const form = forms.find(({ text }) => text === found);
        const name = form?.name ?? Object.values(groups).find((group) => found === textOf(String(group)));
        const value = { name: String(name), encoders: form?.isPercent ? (['percent'] as const) : [] };
        return { start: index, end: index + found.length, value };
      }),
    traces: (text) => {
      const found = [...text.matchAll(trace)];
      return (found.length === 0 ? found : [...found, ...text.matchAll(longer)]).map(
        ({ index, 0: text }) => ({ start: index, end: index + text.length, text }),
      );
    },
  };
}

/**
 * Finds `__A__B__` where `__A__` is a placeholder: it may be of a variable `A__B`. Where another placeholder follows, as in
 * `__A__X__C__`, it is text between two.
 */
function longerThan(placeholders: readonly Placeholder[], prefixes: readonly string[]): RegExp {
  const texts = placeholders.map(({ text }) => text).filter((text) => /^__.*__$/.test(text));
  const next = [...prefixes, ...texts.map((text) => text.slice(2))].map(escapeRegex).join('|');
  const names = prefixes.map((prefix) => `__${escapeRegex(prefix)}(?:_?[A-Z0-9])+__`);
  const first = [...texts.map(escapeRegex), ...names].join('|');
  return new RegExp(`(?:${first})(?:[A-Z0-9](?:_?[A-Z0-9])*__(?!${next}))+`, 'g');
}

/** What remains of a placeholder when code takes it apart: of a URL its host. */
function coreOf(text: string): string {
  return URL.canParse(text) && text.includes('//') ? new URL(text).host : text;
}

/** The text, whatever is escaped with backslashes in it. */
function loosely(text: string): string {
  return text.replace(/[^A-Za-z0-9_]/g, (char) => `\\\\*${escapeRegex(char)}`);
}

const anyOf = (prefix: string) => `__${escapeRegex(prefix)}[A-Z0-9_]*?[A-Z0-9]__`;

function escapeRegex(text: string): string {
  return text.replace(/[^A-Za-z0-9_]/g, '\\$&');
}
