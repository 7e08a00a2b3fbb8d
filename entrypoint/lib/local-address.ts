/** The address to ask a server at that was bound to the given one. */
export function localAddress(hostname: string): string {
  if (hostname === '0.0.0.0') return '127.0.0.1';
  return hostname === '::' ? '::1' : hostname;
}
