import type { Metadata } from 'next';
import Link from 'next/link';

export const metadata: Metadata = { title: 'Not found' };

export default function NotFound() {
  return (
    <main>
      <section className="card">
        <h1>There is no such page</h1>
        <p className="lead">
          The address may be mistyped. <Link href="/">Back to the status of the service</Link>.
        </p>
      </section>
    </main>
  );
}
