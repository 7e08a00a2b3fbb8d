import { describe, expect, test } from 'vitest';
import { expandTemplates, LONGEST_VALUES, type TemplateFault } from '../../../entrypoint/lib/templates.ts';

const GIVEN: Record<string, string> = { HOST: 'app.example', EMPTY: '', PRICE: '$5 ${HOST}' };

function expand(templates: Record<string, string>) {
  const faults: Record<string, TemplateFault> = {};
  const values = expandTemplates(
    templates,
    (name) => GIVEN[name],
    (name, fault) => {
      faults[name] = fault;
    },
  );
  return { values, faults };
}

/** V0 is made of V1, and so on. */
function chain(length: number, text: (next: string) => string): Record<string, string> {
  const names = Array.from({ length }, (_, at) => [`V${at}`, text(`\${V${at + 1}:-}`)]);
  return Object.fromEntries(names);
}

describe('expandTemplates', () => {
  test.each([
    ['https://${HOST}/auth', 'https://app.example/auth'],
    ['${HOST:-other}', 'app.example'],
    ['${UNSET:-http://localhost:3000}/auth', 'http://localhost:3000/auth'],
    ['${EMPTY:-default}', 'default'],
    ['${UNSET:-}', ''],
    ['$$HOST costs $$5', '$HOST costs $5'],
    ['$${HOST}', '${HOST}'],
    ['${PRICE}', '$5 ${HOST}'],
    ['${UNSET:-${HOST}}', 'app.example'],
    ['${UNSET:-${EMPTY:-${HOST:-x}}/a}/b', 'app.example/a/b'],
    ['${HOST:-${NOWHERE}}', 'app.example'],
    ['${UNSET:-a$$b}', 'a$b'],
    ['${UNSET:-$${HOST}}', '${HOST}'],
    ['${UNSET:-{"a":{"b":1}}}', '{"a":{"b":1}}'],
    ['${HOST:-{"a":1}} {', 'app.example {'],
    ['}{', '}{'],
    ['${UNSET:-two\nlines}', 'two\nlines'],
    ['no reference; `rm -rf`', 'no reference; `rm -rf`'],
  ])('makes of %j what a Compose file does', (text, value) => {
    expect(expand({ A: text })).toEqual({ values: { A: value }, faults: {} });
  });

  test('expands one that refers to others in whatever order they stand', () => {
    const { values } = expand({ A: '${B}/a', B: '${C:-x}/b', C: '${HOST}' });
    expect(values).toEqual({ A: 'app.example/b/a', B: 'app.example/b', C: 'app.example' });
  });

  test('leaves out what has a fault, and says which', () => {
    const { values, faults } = expand({ A: '${NOWHERE}', B: 'costs $5', C: '${D}', D: '${C}', E: '${HOST' });
    expect(values).toEqual({});
    expect(faults).toEqual({
      A: { kind: 'unset', reference: 'NOWHERE' },
      B: { kind: 'dollar' },
      C: { kind: 'cycle', names: ['C', 'D', 'C'] },
      D: { kind: 'cycle', names: ['D', 'C', 'D'] },
      E: { kind: 'unclosed' },
    });
  });

  test.each([
    ['${UNSET:-costs $5}', { kind: 'dollar' }],
    ['${HOST-x}', { kind: 'dollar' }],
    ['${}', { kind: 'dollar' }],
    ['${HOST:-${UNSET}', { kind: 'unclosed' }],
    ['${HOST:-{}', { kind: 'unclosed' }],
    ['${UNSET:-${NOWHERE}}', { kind: 'unset', reference: 'NOWHERE' }],
    ['${UNSET:-${A}}', { kind: 'cycle', names: ['A', 'A'] }],
  ])('refuses %j, also where its default is not needed', (text, fault) => {
    expect(expand({ A: text })).toEqual({ values: {}, faults: { A: fault } });
  });

  test.each<[string, Record<string, string>, TemplateFault]>([
    ['defaults in defaults', { A: `${'${X:-'.repeat(9000)}${'}'.repeat(9000)}` }, { kind: 'deep' }],
    ['braces in braces', { A: `\${X:-${'{'.repeat(9000)}${'}'.repeat(9000)}}` }, { kind: 'deep' }],
    ['a chain of references', chain(9000, (next) => next), { kind: 'distant' }],
    ['text that doubles', { ...chain(30, (next) => `${next}${next}`), V30: 'x' }, { kind: 'long' }],
    ['one value many times', { A: '${B}'.repeat(1000), B: 'x'.repeat(1000) }, { kind: 'long' }],
  ])('ends soon, with a fault, where there is %s', (_, templates, fault) => {
    const { values, faults } = expand(templates);
    expect(Object.values(faults)).toContainEqual(fault);
    expect(Object.values(values).join('').length).toBeLessThanOrEqual(LONGEST_VALUES);
  });

  test('expands each only once, also where all refer to it', () => {
    expect(expand({ ...chain(30, (next) => `${next}${next}`), V30: '' }).faults).toEqual({});
  });
});
