/** What of a statement's work is in the database. */
export type Found =
  /** All of it. */
  | { readonly kind: 'done'; readonly note?: string }
  /** Nothing, or something else that the server decides about. */
  | { readonly kind: 'absent'; readonly note?: string }
  /** Half of it, which nobody works on; what takes it away. */
  | { readonly kind: 'leftover'; readonly remedies: readonly string[]; readonly note: string }
  /** Another session works on it. */
  | { readonly kind: 'in use'; readonly holder: string };
