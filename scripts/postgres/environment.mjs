import process from 'node:process';

/**
 * What PostgreSQL's programs see of our environment: messages we can read, and none of the PG* variables that
 * would change the server. NODE_ENV is there because Next's types want it in every environment.
 */
export const SERVER_ENVIRONMENT = {
  NODE_ENV: process.env.NODE_ENV,
  PATH: process.env.PATH ?? '',
  LC_ALL: 'C',
  TZ: 'UTC',
};
