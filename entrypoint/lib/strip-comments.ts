/** A string, which may contain what looks like a comment, or a comment. */
const STRING_OR_COMMENT =
  /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*'|`(?:\\.|[^`\\])*`)|\/\*[\s\S]*?\*\/|\/\/.*$/gm;

/** A source in JavaScript or TypeScript with blanks in place of its comments: everything else stays where it is. */
export function stripComments(source: string): string {
  return source.replace(
    STRING_OR_COMMENT,
    (found: string, string: string | undefined) => string ?? found.replaceAll(/[^\n]/g, ' '),
  );
}
