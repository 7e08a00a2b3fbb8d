import { expect, test } from 'vitest';
import { checkCommand } from '../../../entrypoint/config/command.ts';

test.each([
  'node seed.js',
  'node prisma/seed.js --only users,teams',
  `node -e "console.log(1) && process.exit(0); \`$HOME\`" 'a | b; $HOME > c'`,
  "sh -c 'NODE_ENV=test node seed.js && echo done'",
  'node seed.js --price 5$ --at 10%',
])('ENTRYPOINT_SEED_COMMAND may be %s', (command) => {
  expect(checkCommand('ENTRYPOINT_SEED_COMMAND', command)).toEqual([]);
});

test.each([
  ['node seed.js && node more.js', '`&&`'],
  ['node seed.js; node more.js', '`;`'],
  ['node seed.js || true', '`||`'],
  ['cat seed.sql | psql', '`|`'],
  ['psql < seed.sql', '`<`'],
  ['node seed.js > /dev/null', '`>`'],
  ['node seed.js &', '`&`'],
  ['node ${SEED}', '`${SEED}`'],
  ['node seed.js --password $ADMIN_PASSWORD', '`$ADMIN_PASSWORD`'],
  ['node $(ls seeds)', '`$(ls`'],
  ['node `ls seeds`', '```'],
  ['DB_PASSWORD=hidden node seed.js', '`DB_PASSWORD=…`'],
  [`node -e "1`, 'an unclosed quote'],
  ["node it's.js", 'an unclosed quote'],
  ['   ', 'nothing'],
])('ENTRYPOINT_SEED_COMMAND may not be %s, which runs without a shell', (command, got) => {
  expect(checkCommand('ENTRYPOINT_SEED_COMMAND', command)).toMatchObject([
    { what: 'ENTRYPOINT_SEED_COMMAND', got: expect.stringContaining(got) },
  ]);
});
