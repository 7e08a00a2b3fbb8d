import pg from 'pg';
import { expect, test } from 'vitest';
import { backendKey } from '../../../entrypoint/postgres/backend-key.ts';

test('node-postgres keeps the key of the backend where it is looked for', () => {
  const client = new pg.Client();
  expect(backendKey(client)).toEqual({ pid: null, secret: null });
  expect(backendKey(Object.assign(client, { processID: 7, secretKey: -8 }))).toEqual({ pid: 7, secret: -8 });
});

test.each(['processID', 'secretKey'])(
  'a driver without %s is not taken for one that is connected directly',
  (name) => {
    const client = new pg.Client();
    Reflect.deleteProperty(client, name);
    expect(() => backendKey(client)).toThrow(name);
  },
);
