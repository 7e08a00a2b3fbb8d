// In the place of the server: notes when its process began, on the clock that all processes share, and ends. It passes for
// the server that Next.js made, which names next/dist/server/lib/start-server.
const { writeFileSync } = require('node:fs');

const began = Number(process.hrtime.bigint()) / 1e6 - performance.now();
writeFileSync(process.env.BENCH_STARTED ?? '', String(began));
