import type { SettingProblem } from '../core/errors.ts';

type Dispute = Pick<SettingProblem, 'expected' | 'got' | 'hint'>;

/**
 * What a connection string must not contain as it is: parsers remove it, encode it, or encode all else anew because of
 * it, and the app would connect to another database, or as another user.
 */
export function findDisputedCharacter(url: string): Dispute | undefined {
  if (/%00/.test(url)) {
    const hint = 'Remove it: PostgreSQL has no name, password or setting with a NUL.';
    return { expected: 'a connection string without NUL', got: '%00', hint };
  }
  const [character] = /[\s\p{Cc}]/u.exec(url) ?? [];
  if (character === undefined) return undefined;
  const code = encodeURIComponent(character);
  return {
    expected: 'a connection string without spaces and control characters',
    got: character === ' ' ? 'a space' : `the character ${code}`,
    hint: `Remove it, or write it as ${code}.`,
  };
}

/** The same for a percent sign that encodes nothing, which other parts than the parameters cannot have. */
export function findBarePercent(parameters: string): Dispute | undefined {
  if (!/%(?![0-9a-f]{2})/i.test(parameters)) return undefined;
  return {
    expected: 'percent-encoded parameters',
    got: 'a % that encodes nothing',
    hint: 'Write % as %25.',
  };
}
