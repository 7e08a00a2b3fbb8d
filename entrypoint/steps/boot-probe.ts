import type { Context } from '../core/context.ts';
import { findHealthPath } from '../core/health-path.ts';
import type { ServerSource } from '../core/server-source.ts';
import { codeOf } from '../lib/describe-error.ts';
import type { ProbeServer } from '../lib/probe-server.ts';

export interface BootProbeConfig {
  readonly bootProbe: boolean;
  readonly port: number;
  readonly hostname: string;
  readonly healthPath: string | undefined;
}

interface ProbedServer {
  readonly appDir: string;
  readonly build: { readonly server: ServerSource };
  readonly server: BootProbeConfig;
}

/**
 * Answers probes while `work` runs: 200 on the health path's `/live`, 503 with the current step everywhere else. Frees
 * the port afterwards, for the server.
 */
export async function withBootProbe<Result>(
  config: ProbedServer,
  context: Context,
  work: () => Promise<Result>,
): Promise<Result> {
  const server = config.server.bootProbe ? await listen(config, context) : undefined;
  try {
    return await work();
  } finally {
    server?.close();
  }
}

async function listen(config: ProbedServer, { steps, log }: Context): Promise<ProbeServer | undefined> {
  const healthPath = findHealthPath(config.server.healthPath, config.appDir, config.build.server);
  const { ProbeServer: Server } = await import('../lib/probe-server.ts');
  try {
    return await Server.listen({
      port: config.server.port,
      hostname: config.server.hostname,
      answer(path) {
        const phase = steps.current;
        const forMs = Math.round(performance.now() - steps.currentSince);
        if (path === `${healthPath}/live`) return { status: 200, body: { status: 'alive', phase } };
        return { status: 503, body: { status: 'starting', phase, forMs, elapsedMs: steps.elapsed } };
      },
    });
  } catch (error) {
    log.warn(
      { step: 'server', event: 'unprobed' },
      `cannot answer probes during the boot: listening on port ${config.server.port} failed (${codeOf(error)})`,
    );
    return undefined;
  }
}
