// The least that a supervisor in Node.js can be: starts the server, passes two signals on, and ends as it ends.
const { spawn } = require('node:child_process');

const server = spawn(process.execPath, ['server.js'], { stdio: 'inherit' });
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => server.kill(signal));
server.on('exit', (status) => process.exit(status ?? 1));
