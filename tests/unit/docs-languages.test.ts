import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { describe, expect, test } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
const NOT_OURS = new Set(['node_modules', 'dist']);
const TRANSLATED = [
  ['README.md', 'README.es.md'],
  ['docs/deployment.md', 'docs/es/deployment.md'],
] as const;
const EXTERNAL = /^[a-z][a-z0-9+.-]*:/i;

const documents = findDocuments(ROOT).map((path) => relative(ROOT, path));

function read(name: string): string {
  return readFileSync(join(ROOT, name), 'utf8');
}

function findDocuments(folder: string): string[] {
  return readdirSync(folder, { withFileTypes: true }).flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      return NOT_OURS.has(entry.name) || entry.name.startsWith('.') ? [] : findDocuments(path);
    }
    return entry.name.endsWith('.md') ? [path] : [];
  });
}

interface Parsed {
  readonly headings: readonly { readonly level: number; readonly text: string }[];
  readonly code: readonly { readonly language: string; readonly lines: readonly string[] }[];
  /** Everything outside of fenced code. */
  readonly prose: string;
}

function parse(text: string): Parsed {
  const prose: string[] = [];
  const code: { language: string; lines: string[] }[] = [];
  let open: { language: string; lines: string[] } | undefined;
  for (const line of text.split('\n')) {
    const fence = /^\s*```(.*)$/.exec(line);
    if (fence === null) (open?.lines ?? prose).push(line);
    else if (open === undefined) {
      open = { language: fence[1] ?? '', lines: [] };
      code.push(open);
    } else open = undefined;
  }
  const headings = prose.flatMap((line) => {
    const [, marks, heading] = /^(#{1,6}) (.+)$/.exec(line) ?? [];
    return marks === undefined || heading === undefined ? [] : [{ level: marks.length, text: heading }];
  });
  return { headings, code, prose: prose.join('\n') };
}

/** What a machine reads of a block: its comments may be in another language. */
function commandsOf({ code }: Parsed): string[][] {
  return code.map(({ language, lines }) => [
    language,
    ...(language === 'text' ? lines : lines.map((line) => line.replace(/(?:^|\s+)#.*$/, '').trimEnd())),
  ]);
}

/** The anchor that GitHub gives a heading. */
function anchorOf(heading: string): string {
  return heading
    .toLowerCase()
    .replaceAll(/[^\p{Letter}\p{Mark}\p{Number}\p{Connector_Punctuation} -]/gu, '')
    .replaceAll(' ', '-');
}

function anchorsOf(name: string): Set<string> {
  const seen = new Map<string, number>();
  return new Set(
    parse(read(name)).headings.map(({ text }) => {
      const anchor = anchorOf(text);
      const times = seen.get(anchor) ?? 0;
      seen.set(anchor, times + 1);
      return times === 0 ? anchor : `${anchor}-${times}`;
    }),
  );
}

describe.each(TRANSLATED)('%s and %s', (english, spanish) => {
  const original = parse(read(english));
  const translation = parse(read(spanish));

  test('have the same sections, in the same order', () => {
    const levels = ({ headings }: Parsed) => headings.map(({ level }) => level);
    expect(levels(translation)).toEqual(levels(original));
  });

  test('show the same commands, files and output', () => {
    expect(commandsOf(translation)).toEqual(commandsOf(original));
  });

  test('have the same tables, row by row in the first column of code', () => {
    const rows = ({ prose }: Parsed) => prose.split('\n').filter((line) => line.startsWith('|'));
    const keys = (parsed: Parsed) => rows(parsed).map((row) => /^\| (`[^|]*`) \|/.exec(row)?.[1] ?? '');
    expect(keys(translation)).toEqual(keys(original));
  });

  test('link to each other', () => {
    const linksTo = (from: Parsed, target: string) => from.prose.includes(`](${target})`);
    expect(linksTo(original, relative(dirname(english), spanish))).toBe(true);
    expect(linksTo(translation, relative(dirname(spanish), english))).toBe(true);
  });
});

test.each(documents)('every link of %s leads to a file, and to a section that is there', (name) => {
  const { prose } = parse(read(name));
  const links = [...prose.matchAll(/\]\(<?([^)\s>]+)>?\)/g)].map((match) => match[1] ?? '');
  const broken = links.filter((link) => {
    if (EXTERNAL.test(link)) return false;
    const [path = '', anchor] = link.split('#');
    const target = path === '' ? name : join(dirname(name), path);
    if (!existsSync(join(ROOT, target))) return true;
    return anchor !== undefined && target.endsWith('.md') && !anchorsOf(target).has(anchor);
  });
  expect(broken).toEqual([]);
});
