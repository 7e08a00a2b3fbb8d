/** Where the server's process finds the pipe to us. */
const GATE_FD = 3;

/** What the server's process says on the pipe: it has started something that is not held. */
export const UNHELD = { t: 'a worker thread', c: 'a process' } as const;

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
  const { subscribe, unsubscribe } = process.getBuiltinModule('node:diagnostics_channel');
  const { listen } = Server.prototype;
  const held: (() => void)[] = [];
  Server.prototype.listen = function (this: InstanceType<typeof Server>, ...args: unknown[]) {
    held.push(() => Reflect.apply(listen, this, args));
    return this;
  };
  const gate = new Socket({ fd });
  const tellThread = () => void gate.write('t');
  const tellProcess = () => {
    unsubscribe('child_process', tellProcess);
    gate.write('c');
  };
  process.once('worker', tellThread);
  subscribe('child_process', tellProcess);
  gate.on('error', () => undefined);
  gate.on('close', () => process.kill(process.pid, 'SIGKILL'));
  let word = '';
  gate.setEncoding('utf8').on('data', (text: string) => {
    word += text;
    // One that breaks off has no end.
    if (!word.endsWith('\n')) return;
    process.off('worker', tellThread);
    unsubscribe('child_process', tellProcess);
    gate.removeAllListeners('close').destroy();
    Object.assign(process.env, JSON.parse(word));
    Server.prototype.listen = listen;
    for (const go of held) go();
  });
}
