const NUMBER = new Intl.NumberFormat('en');
const TIME = new Intl.DateTimeFormat('en-GB', { timeStyle: 'medium', timeZone: 'UTC' });

interface StatusCardProps {
  /** Absent where the database did not answer. */
  users: number | undefined;
  checkedAt: Date;
}

export function StatusCard({ users, checkedAt }: StatusCardProps) {
  const connected = users !== undefined;
  return (
    <section className="card" aria-labelledby="status">
      <p className={connected ? 'state good' : 'state bad'}>{connected ? 'All systems go' : 'Degraded'}</p>
      <h1 id="status">The service is up</h1>
      <p className="lead">
        {connected
          ? 'The server answers, and so does its database.'
          : 'The server answers, but its database does not. It is tried anew with every request.'}
      </p>
      <dl>
        <div>
          <dt>Users</dt>
          <dd>{connected ? NUMBER.format(users) : 'unknown'}</dd>
        </div>
        <div>
          <dt>Database</dt>
          <dd>{connected ? 'connected' : 'disconnected'}</dd>
        </div>
        <div>
          <dt>Checked at</dt>
          <dd>
            <time dateTime={checkedAt.toISOString()}>{TIME.format(checkedAt)} UTC</time>
          </dd>
        </div>
      </dl>
    </section>
  );
}
