// In the place of the server: notes when its process began, on the clock that all processes share, and ends.
const { writeFileSync } = require('node:fs');

const began = Number(process.hrtime.bigint()) / 1e6 - performance.now();
writeFileSync(process.env.BENCH_STARTED ?? '', String(began));
