import { expect, test } from 'vitest';
import { makesTable } from '../../../entrypoint/commands/check/created-tables.ts';

const migration = (script: string) => [{ name: '1', script: Buffer.from(script) }];

test.each([
  'CREATE TABLE users (id int)',
  'create table if not exists "users" (id int)',
  'CREATE TABLE public.Users (id int)',
  'CREATE TABLE "public"."User" (id int)',
  'ALTER TABLE people RENAME TO users',
  'ALTER TABLE IF EXISTS ONLY public."People" RENAME TO "users"',
])('%s makes it', (script) => {
  expect(makesTable(migration(script), ['users', 'User'], 'public')).toBe('yes');
});

test.each([
  'CREATE TABLE "Users" (id int)',
  'CREATE TABLE auth.users (id int)',
  'CREATE TABLE posts (users int)',
  'ALTER TABLE users RENAME TO people',
  'ALTER TABLE people RENAME COLUMN a TO users',
  "-- CREATE TABLE users (id int)\nINSERT INTO a VALUES ('CREATE TABLE users ()')",
  'ALTER TABLE auth.people RENAME TO users',
])('%s does not make it', (script) => {
  expect(makesTable(migration(script), ['users', 'User'], 'public')).toBe('no');
});

test.each([
  "DO $$ BEGIN EXECUTE 'CREATE TABLE users (id int)'; END $$",
  'SELECT make_tables()',
  'CREATE EXTENSION users',
  'ALTER TABLE auth.users SET SCHEMA public',
  'CREATE SCHEMA public CREATE TABLE users (id int)',
])('%s may make it', (script) => {
  expect(makesTable(migration(script), ['users'], 'public')).toBe('perhaps');
});
