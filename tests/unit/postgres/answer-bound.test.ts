import { expect, test } from 'vitest';
import { AnswerBound } from '../../../entrypoint/postgres/answer-bound.ts';

const MEGABYTE = 1024 * 1024;
const TOO_MUCH = 'an answer that is too long';

function message(type: string, length: number): Buffer {
  const bytes = Buffer.alloc(5 + length, type);
  bytes.writeUInt32BE(4 + length, 1);
  return bytes;
}

function take(bound: AnswerBound, megabytes: number): void {
  for (let taken = 0; taken < megabytes; taken += 1) bound.take(message('D', MEGABYTE));
}

test('the messages of one answer are bounded together, and those of the next anew', () => {
  const bound = new AnswerBound();
  take(bound, 20);
  bound.take(message('Z', 1));
  take(bound, 20);
  expect(() => take(bound, 20)).toThrow(TOO_MUCH);
});

test('the rows of a script are not counted, and each message is', () => {
  const bound = new AnswerBound();
  bound.keepsRows = false;
  take(bound, 100);
  expect(() => bound.take(message('D', 33 * MEGABYTE).subarray(0, 5))).toThrow(TOO_MUCH);
});

test.each(['R', 'K', 'V', 'W', 'p', '\0'])('a message of type %j has no place after the login', (type) => {
  expect(() => new AnswerBound().take(message(type, 4))).toThrow(/after the login|not PostgreSQL's protocol/);
});

test('messages are followed wherever they are cut', () => {
  const bytes = Buffer.concat([message('T', 3), message('D', 0), message('C', 8), message('Z', 1)]);
  for (let size = 1; size <= bytes.length; size += 1) {
    const bound = new AnswerBound();
    for (let at = 0; at < bytes.length; at += size) bound.take(bytes.subarray(at, at + size));
    expect(() => bound.take(Buffer.from([0x44, 0, 0, 0, 3]))).toThrow(TOO_MUCH);
  }
});
