/** The file descriptor of the pipe in the server's process. */
const GATE_FD = 3;

/** What the server's process sends over the pipe when it starts something that the gate does not hold back. */
export const UNHELD = { t: 'a worker thread', c: 'a process' } as const;

/**
 * Node.js's flag for a server that loads and does not listen yet. `listen` waits for one line on the pipe: the variables
 * that have changed meanwhile, as JSON. If the pipe closes first, the boot failed or the supervisor is gone; the server
 * has done nothing yet, and is killed.
 */
export const GATE_FLAG = `--import=data:text/javascript,${encodeURIComponent(`(${holdListen})(${GATE_FD})`)}`;

/** Runs in the server's process, before the server; cannot refer to anything else in this file. */
function holdListen(fd: number): void {
  const { isMainThread } = process.getBuiltinModule('node:worker_threads');
  if (!isMainThread) return;
  // Processes that the server forks are not held back.
  process.execArgv.splice(
    process.execArgv.findIndex((flag) => flag.startsWith('--import=data:text/javascript,')),
    1,
  );
  const { Server, Socket } = process.getBuiltinModule('node:net');
  const { subscribe, unsubscribe } = process.getBuiltinModule('node:diagnostics_channel');
  const { listen } = Server.prototype;
  const held: (() => void)[] = [];
  Server.prototype.listen = function (this: InstanceType<typeof Server>, ...args: unknown[]) {
    held.push(() => Reflect.apply(listen, this, args));
    return this;
  };
  const gate = new Socket({ fd });
  const reportThread = () => void gate.write('t');
  const reportProcess = () => {
    unsubscribe('child_process', reportProcess);
    gate.write('c');
  };
  process.once('worker', reportThread);
  subscribe('child_process', reportProcess);
  gate.on('error', () => undefined);
  gate.on('close', () => process.kill(process.pid, 'SIGKILL'));
  let line = '';
  gate.setEncoding('utf8').on('data', (text: string) => {
    line += text;
    // A line that was cut off has no line break.
    if (!line.endsWith('\n')) return;
    process.off('worker', reportThread);
    unsubscribe('child_process', reportProcess);
    gate.removeAllListeners('close').destroy();
    Object.assign(process.env, JSON.parse(line));
    Server.prototype.listen = listen;
    for (const listenNow of held) listenNow();
  });
}
