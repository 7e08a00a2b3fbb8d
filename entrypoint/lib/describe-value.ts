const LONGEST = 64;
/** A word, or a number that may have a unit or a prefix. */
const PLAIN_PART = /^(?:[A-Za-z\u00c0-\uffff]{1,16}|\d{1,10}[A-Za-z]{0,8}|[A-Za-z]{1,8}\d{1,4})?$/;

/** A value as a message may show it: only described where it may be a secret that was given to the wrong variable. */
export function describeValue(value: string): string {
  return mayBeSecret(value) ? `a ${value.length}-character value` : `\`${value}\``;
}

/** Whether a value is anything but words, names and numbers. */
export function mayBeSecret(value: string): boolean {
  return value.length > LONGEST || value.split(/[\s._,:;/?=&|+'"-]+/).some((part) => !PLAIN_PART.test(part));
}
