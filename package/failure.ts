/** A failure of the program that the user can mend: one plain sentence, and what to do. */
export class ProgramError extends Error {
  override readonly name = 'ProgramError';
  readonly hint: string;

  constructor(message: string, hint: string, cause?: unknown) {
    super(message, { cause });
    this.hint = hint;
  }
}

/** Ctrl-C at a question: nothing has happened yet, and nothing is to be said. */
export class Interrupted extends Error {
  override readonly name = 'Interrupted';
}
