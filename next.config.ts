import type { NextConfig } from 'next';

const ROOT = import.meta.dirname;

/** For every answer, static files too. The content security policy needs a nonce a request: see proxy.ts. */
const SECURITY_HEADERS = [
  { key: 'X-Content-Type-Options', value: 'nosniff' },
  { key: 'X-Frame-Options', value: 'DENY' },
  { key: 'Referrer-Policy', value: 'strict-origin-when-cross-origin' },
  { key: 'Permissions-Policy', value: 'camera=(), geolocation=(), microphone=()' },
  { key: 'Cross-Origin-Opener-Policy', value: 'same-origin' },
  { key: 'Cross-Origin-Resource-Policy', value: 'same-origin' },
];

export default {
  output: 'standalone',
  // Said outright: Next would guess them from the lockfiles in the folders above.
  outputFileTracingRoot: ROOT,
  turbopack: { root: ROOT },
  outputFileTracingExcludes: {
    '**': [
      // No image is optimised.
      'node_modules/@img/**',
      'node_modules/sharp/**',
      // Sizes of Google's fonts, 4 MB, for builds that use them.
      'node_modules/next/dist/server/capsize-font-metrics.json',
      'node_modules/next/dist/server/font-utils.js',
    ],
  },
  images: { unoptimized: true },
  poweredByHeader: false,
  reactStrictMode: true,
  // `npm test` checks the types of the whole repository, the app's too.
  typescript: { ignoreBuildErrors: true },
  // Its database of an earlier build, once damaged, makes every later build fail until somebody removes it.
  experimental: { turbopackFileSystemCacheForBuild: false },
  headers: async () => [{ source: '/:path*', headers: SECURITY_HEADERS }],
} satisfies NextConfig;
