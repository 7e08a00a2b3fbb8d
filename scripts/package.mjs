// npm run package: dist/package, what `npm pack ./dist/package` packs. It has no dependencies.
import { join } from 'node:path';
import process from 'node:process';
import { assemblePackage } from './build/assemble-package.mjs';
import { bundleEntrypoint } from './build/bundle-entrypoint.mjs';
import { DIST, PACKAGE } from './build/paths.mjs';

await bundleEntrypoint({ quick: process.argv.includes('--quick') });
await assemblePackage(PACKAGE, join(DIST, 'entrypoint.js'));
console.log('dist/package is ready: npm pack ./dist/package');
