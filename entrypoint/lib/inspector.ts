/**
 * Leaves the address of Node.js's inspector to the server: it is started with the same flags, and would find the address
 * taken by us. Node.js loads the module only where somebody asks for it.
 */
export function releaseInspector(nodeOptions: string | undefined): void {
  if (![nodeOptions, ...process.execArgv].some((flags) => flags?.includes('--inspect'))) return;
  process.getBuiltinModule('node:inspector').close();
}
