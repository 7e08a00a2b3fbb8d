/**
 * Certificates for TLS, made on the spot in a temporary folder.
 *
 *     const authority = await createAuthority();
 *     const good = await authority.issue({ names: ['localhost', '127.0.0.1'] });
 *     const expired = await authority.issue({ names: ['localhost'], expired: true });
 *     const client = await authority.issue({ commonName: database.user });
 *     const selfSigned = await createSelfSigned({ names: ['localhost'] });
 *     await server.useTls(good);                            // postgres.ts
 *     authority.certificate, good.certificate, good.key     // paths of PEM files
 */
import { randomBytes } from 'node:crypto';
import { writeFile } from 'node:fs/promises';
import { isIP } from 'node:net';
import { join } from 'node:path';
import forge from 'node-forge';
import { createFolder } from './workspace.ts';

export interface Certificate {
  /** Paths of PEM files. */
  certificate: string;
  key: string;
  /** The certificate of who signed it. */
  authority: string;
}

export interface CertificateOptions {
  /** Host names and addresses that it is good for. */
  names?: string[];
  commonName?: string;
  expired?: boolean;
}

export interface Authority {
  certificate: string;
  issue(options: CertificateOptions): Promise<Certificate>;
}

interface Signer {
  subject: forge.pki.CertificateField[];
  key: forge.pki.rsa.PrivateKey;
}

const { pki } = forge;
const DAY_MS = 86_400_000;
const DNS_NAME = 2;
const IP_ADDRESS = 7;

export async function createAuthority(): Promise<Authority> {
  const folder = await createFolder('authority');
  const subject = [{ name: 'commonName', value: 'Zarpe test authority' }];
  const keys = pki.rsa.generateKeyPair(2048);
  const own = build(keys.publicKey, subject, { subject, key: keys.privateKey }, {}, true);
  const certificate = join(folder, 'authority.crt');
  await writeFile(certificate, pki.certificateToPem(own));
  return { certificate, issue: (options) => issue(options, certificate, { subject, key: keys.privateKey }) };
}

/** A certificate that only vouches for itself. */
export async function createSelfSigned(options: CertificateOptions): Promise<Certificate> {
  return issue(options);
}

async function issue(options: CertificateOptions, authority?: string, signer?: Signer): Promise<Certificate> {
  const folder = await createFolder('certificate');
  const keys = pki.rsa.generateKeyPair(2048);
  const subject = [{ name: 'commonName', value: options.commonName ?? options.names?.[0] ?? 'nobody' }];
  const signed = build(keys.publicKey, subject, signer ?? { subject, key: keys.privateKey }, options, false);
  const certificate = join(folder, 'certificate.crt');
  const key = join(folder, 'certificate.key');
  await writeFile(certificate, pki.certificateToPem(signed));
  // Clients, too, refuse a key that others can read.
  await writeFile(key, pki.privateKeyToPem(keys.privateKey), { mode: 0o600 });
  return { certificate, key, authority: authority ?? certificate };
}

function build(
  publicKey: forge.pki.PublicKey,
  subject: forge.pki.CertificateField[],
  signer: Signer,
  options: CertificateOptions,
  isAuthority: boolean,
): forge.pki.Certificate {
  const certificate = pki.createCertificate();
  certificate.publicKey = publicKey;
  certificate.serialNumber = `01${randomBytes(15).toString('hex')}`;
  const now = Date.now();
  certificate.validity.notBefore = new Date(now - 10 * DAY_MS);
  certificate.validity.notAfter = new Date(now + (options.expired ? -DAY_MS : 10 * DAY_MS));
  certificate.setSubject(subject);
  certificate.setIssuer(signer.subject);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: isAuthority, critical: true },
    ...(options.names === undefined
      ? []
      : [{ name: 'subjectAltName', altNames: options.names.map(altName) }]),
  ]);
  certificate.sign(signer.key, forge.md.sha256.create());
  return certificate;
}

function altName(name: string): object {
  return isIP(name) === 0 ? { type: DNS_NAME, value: name } : { type: IP_ADDRESS, ip: name };
}
