import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readTlsOptions } from '../../../entrypoint/postgres/tls.ts';
import { problemsOf } from '../../helpers/problems.ts';

test.each(['a named pipe', 'a device', 'a folder'])(
  'a certificate that is %s is refused, and not waited for',
  (kind) => {
    const dir = mkdtempSync(join(tmpdir(), 'zarpe-tls-'));
    onTestFinished(() => rmSync(dir, { recursive: true }));
    execFileSync('mkfifo', [join(dir, 'pipe')]);
    const path = { 'a named pipe': join(dir, 'pipe'), 'a device': '/dev/zero' }[kind] ?? dir;
    const settings = { mode: 'verify-full', rootCertFile: path } as const;
    const files = {
      clientCertFile: undefined,
      clientKeyFile: undefined,
      identityFile: undefined,
      passphrase: undefined,
    };
    const problems = problemsOf(
      () => readTlsOptions('DATABASE_URL', { ...settings, ...files }),
      'DATABASE_TLS',
    );
    expect(problems).toMatchObject([{ what: 'sslrootcert in DATABASE_URL', got: `${kind} in ${path}` }]);
  },
);
