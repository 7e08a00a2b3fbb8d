import type { NextApp } from '../project/next-app.ts';

/** A route that answers as long as the app serves: its path from the app's folder, and its source. */
export function healthRoute({ router, isTypeScript }: NextApp): { path: string; source: string } {
  const extension = isTypeScript ? 'ts' : 'js';
  if (router.kind === 'app')
    return {
      path: `${router.folder}/api/health/route.${extension}`,
      source: `export const dynamic = 'force-dynamic';

export function GET() {
  return Response.json({ status: 'healthy' }, { headers: { 'Cache-Control': 'no-store' } });
}
`,
    };
  const types = isTypeScript ? "import type { NextApiRequest, NextApiResponse } from 'next';\n\n" : '';
  const [request, response] = isTypeScript
    ? ['_: NextApiRequest', 'response: NextApiResponse']
    : ['_', 'response'];
  return {
    path: `${router.folder}/api/health.${extension}`,
    source: `${types}export default function handler(${request}, ${response}) {
  response.setHeader('Cache-Control', 'no-store');
  response.status(200).json({ status: 'healthy' });
}
`,
  };
}
