import { countUsers } from './lib/count-users.ts';
import { StatusCard } from './status-card.tsx';

export default async function HomePage() {
  const users = await countUsers();
  return (
    <main>
      <header>
        <svg className="mark" viewBox="0 0 32 32" aria-hidden="true">
          <path d="M15 3v17H5z" />
          <path d="M18 8v12h9z" />
          <path d="M3 23h26c-2 4-5 6-9 6h-8c-4 0-7-2-9-6z" />
        </svg>
        <p className="name">Zarpe</p>
      </header>
      <StatusCard users={users} checkedAt={new Date()} />
      <footer>
        <a href="/api/health">Health as JSON</a>
      </footer>
    </main>
  );
}
