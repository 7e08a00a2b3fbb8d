import * as z from 'zod/mini';
import type { SettingProblem } from '../core/errors.ts';
import { describeValue } from '../lib/describe-value.ts';

const ENTRY = /^([A-Za-z_][A-Za-z0-9_]*)(\?)?(?::(\w+))?$/;
const PLACEHOLDER =
  /^(?:change[-_ ]?(?:me|this|it).*|your[-_ ].*|replace[-_ ]?(?:me|this|with).*|(?:my|some|a)[-_ ]?secret.*|insert[-_ ].*|<.*>|\[.*\]|x{3,}|todo|tbd|placeholder|example|secret|password|super[-_ ]?secret.*)$/i;

const KINDS = {
  url: { expected: 'an absolute http or https URL', schema: () => z.url({ protocol: /^https?$/ }) },
  port: {
    expected: 'a port from 1 to 65535',
    schema: () =>
      z.string().check(z.refine((v) => /^\d{1,5}$/.test(v) && Number(v) > 0 && Number(v) < 65_536)),
  },
  email: { expected: 'an e-mail address', schema: () => z.email() },
  int: { expected: 'a whole number', schema: () => z.string().check(z.regex(/^-?\d+$/)) },
  bool: { expected: 'true, false, 1 or 0', schema: () => z.string().check(z.regex(/^(?:true|false|1|0)$/)) },
} as const;

export interface RequiredVariable {
  readonly name: string;
  readonly optional: boolean;
  readonly minLength?: number;
  readonly kind?: keyof typeof KINDS;
}

/** The entries of `ENTRYPOINT_REQUIRE_ENV`; malformed ones become problems. */
export function parseRequirements(text: string, problems: SettingProblem[]): RequiredVariable[] {
  const required: RequiredVariable[] = [];
  for (const entry of text.split(',').map((part) => part.trim())) {
    if (entry === '') continue;
    const match = ENTRY.exec(entry);
    const [, name, optional, rule] = match ?? [];
    const isLength = rule !== undefined && /^\d+$/.test(rule);
    if (name === undefined || (rule !== undefined && !isLength && !Object.hasOwn(KINDS, rule))) {
      problems.push({
        what: 'ENTRYPOINT_REQUIRE_ENV',
        expected: `NAME, NAME:LENGTH or NAME:KIND where KIND is one of ${Object.keys(KINDS).join(', ')}`,
        got: describeValue(entry),
        hint: 'Fix that entry.',
      });
      continue;
    }
    required.push({
      name,
      optional: optional === '?',
      ...(isLength && { minLength: Number(rule) }),
      ...(rule !== undefined && !isLength && { kind: rule as keyof typeof KINDS }),
    });
  }
  return required;
}

/** The problem of a variable that the app requires; undefined if it has none. It never repeats the value. */
export function checkRequirement(
  required: RequiredVariable,
  value: string | undefined,
): SettingProblem | undefined {
  const { name, minLength, kind } = required;
  const expected =
    kind !== undefined ? KINDS[kind].expected : minLength ? `at least ${minLength} characters` : 'a value';
  const problem = (got: string, hint: string): SettingProblem => ({ what: name, expected, got, hint });
  if (value === undefined) {
    return required.optional
      ? undefined
      : problem(
          'nothing',
          `Set ${name} or ${name}_FILE: the app requires it.${minLength ? ' `openssl rand -base64 48` generates one.' : ''}`,
        );
  }
  if (PLACEHOLDER.test(value)) return problem('a placeholder', 'Replace it with a value of your own.');
  if (minLength !== undefined && value.length < minLength) {
    return problem(`a ${value.length}-character value`, '`openssl rand -base64 48` generates a longer one.');
  }
  if (kind !== undefined && !KINDS[kind].schema().safeParse(value).success) {
    return problem(`a ${value.length}-character value of another form`, 'Fix it.');
  }
  return undefined;
}
