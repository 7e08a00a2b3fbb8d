import { describe, expect, test } from 'vitest';
import { addExpanded, expandTemplates, type TemplateFault } from '../../../entrypoint/lib/templates.ts';

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

  test('adds to an environment, which lacks what every object has', () => {
    const added = addExpanded(
      { NODE_ENV: 'test', HOST: 'h' },
      { A: '${constructor:-none}', B: '${HOST}', valueOf: 'x' },
    );
    expect(added).toEqual({ NODE_ENV: 'test', HOST: 'h', A: 'none', B: 'h', valueOf: 'x' });
  });
});
