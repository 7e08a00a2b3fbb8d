import type { Metadata, Viewport } from 'next';
import type { ReactNode } from 'react';
import './globals.css';

// Every page carries the nonce of its own answer: none can be made at build time.
export const dynamic = 'force-dynamic';

export const metadata: Metadata = {
  title: { default: 'Zarpe', template: '%s · Zarpe' },
  description: 'A Next.js app with Prisma and PostgreSQL, cast off by one typed entrypoint.',
  robots: { index: false, follow: false },
};

export const viewport: Viewport = {
  colorScheme: 'light dark',
  themeColor: [
    { media: '(prefers-color-scheme: light)', color: '#f4f7f9' },
    { media: '(prefers-color-scheme: dark)', color: '#0b1620' },
  ],
};

export default function RootLayout({ children }: { children: ReactNode }) {
  return (
    <html lang="en">
      <body>{children}</body>
    </html>
  );
}
