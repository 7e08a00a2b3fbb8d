export const dynamic = 'force-dynamic';

/** For liveness probes: the process answers, whatever the database does. */
export function GET(): Response {
  return Response.json({ status: 'alive' }, { headers: { 'Cache-Control': 'no-store' } });
}
