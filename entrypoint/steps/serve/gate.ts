/** Where the server's process finds the pipe to us. */
const GATE_FD = 3;

/**
 * Node.js's flag for a server that loads and does not listen yet: `listen` waits for a line on the pipe, the variables
 * that have changed meanwhile. A pipe that ends without it is a boot that failed, or a supervisor that is gone; the
 * server has done nothing yet, and ends.
 */
export const GATE_FLAG = `--import=data:text/javascript,${encodeURIComponent(`(${holdListen})(${GATE_FD})`)}`;

/** Runs in the server's process, ahead of it, and knows nothing of this file. */
function holdListen(fd: number): void {
  const { isMainThread } = process.getBuiltinModule('node:worker_threads');
  if (!isMainThread) return;
  // What the server forks is not held.
  process.execArgv.pop();
  const { Server, Socket } = process.getBuiltinModule('node:net');
  const { listen } = Server.prototype;
  const held: (() => void)[] = [];
  Server.prototype.listen = function (this: InstanceType<typeof Server>, ...args: unknown[]) {
    held.push(() => Reflect.apply(listen, this, args));
    return this;
  };
  const gate = new Socket({ fd });
  gate.on('error', () => undefined);
  gate.on('close', () => process.kill(process.pid, 'SIGKILL'));
  let word = '';
  gate.setEncoding('utf8').on('data', (text: string) => {
    word += text;
    // One that breaks off has no end.
    if (!word.endsWith('\n')) return;
    gate.removeAllListeners('close').destroy();
    Object.assign(process.env, JSON.parse(word));
    Server.prototype.listen = listen;
    for (const go of held) go();
  });
}
