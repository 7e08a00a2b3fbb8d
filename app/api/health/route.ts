import { isDatabaseConnected } from '../../lib/probe-database.ts';

export const dynamic = 'force-dynamic';

export async function GET(): Promise<Response> {
  const connected = await isDatabaseConnected();
  return Response.json(
    {
      status: connected ? 'healthy' : 'unhealthy',
      timestamp: new Date().toISOString(),
      database: connected ? 'connected' : 'disconnected',
    },
    { status: connected ? 200 : 503, headers: { 'Cache-Control': 'no-store' } },
  );
}
