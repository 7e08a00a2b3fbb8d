import { type NextRequest, NextResponse } from 'next/server';

/** Sets what a build cannot know: the nonce of this answer's scripts, and whether the asker is our own page. */
export function proxy(request: NextRequest): NextResponse {
  const policy = contentSecurityPolicy(crypto.randomUUID());
  const headers = new Headers(request.headers);
  // Next reads the nonce from here and puts it on every script it writes.
  headers.set('Content-Security-Policy', policy);
  const response = NextResponse.next({ request: { headers } });
  response.headers.set('Content-Security-Policy', policy);
  allowOwnOrigin(request, response);
  return response;
}

export const config = {
  matcher: '/((?!_next/static/).*)',
};

function contentSecurityPolicy(nonce: string): string {
  // React's error overlay evaluates code, in development only.
  const development = process.env.NODE_ENV === 'development' ? " 'unsafe-eval'" : '';
  return [
    "default-src 'self'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${development}`,
    development ? "style-src 'self' 'unsafe-inline'" : `style-src 'self' 'nonce-${nonce}'`,
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join('; ');
}

/** Behind a proxy the public host is in X-Forwarded-Host; no other origin is ever named. */
function allowOwnOrigin(request: NextRequest, response: NextResponse): void {
  response.headers.append('Vary', 'Origin');
  const origin = request.headers.get('origin');
  const host = request.headers.get('x-forwarded-host') ?? request.headers.get('host');
  if (origin && URL.canParse(origin) && new URL(origin).host === host) {
    response.headers.set('Access-Control-Allow-Origin', origin);
  }
}
