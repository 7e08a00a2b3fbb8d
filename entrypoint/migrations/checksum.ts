/**
 * SHA-256 in hexadecimal: Prisma's checksum. Node.js's crypto is loaded when a history is compared, after the server was
 * started.
 */
export function checksum(script: Buffer | string): string {
  return process.getBuiltinModule('node:crypto').createHash('sha256').update(script).digest('hex');
}
