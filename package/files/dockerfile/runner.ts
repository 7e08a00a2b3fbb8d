import { distDir, zarpeFolder } from '../../project/places.ts';
import type { Project } from '../../project/project.ts';
import { copyLine, IMAGE, openssl, quote, schemaPaths } from './lines.ts';

/** The stage that becomes the image: the standalone build, the migrations and the entrypoint, run by a user without rights. */
export function runner(project: Project): string[] {
  const { app, prisma, next } = project;
  const at = app === '' ? '' : `${app}/`;
  const dist = distDir(project);
  const cache = quote(`${dist}/cache`);
  const isCopied = prisma.isOwnFolder && prisma.migrations?.startsWith(`${prisma.dir}/`);
  const copy = (from: string, to = from) => copyLine([from], to, 'builder');
  return [
    `FROM ${IMAGE} AS runner`,
    'WORKDIR /app',
    ...openssl(project),
    '# Written directly, because the commands differ between Debian and Alpine.',
    "RUN echo 'nodejs:x:1001:' >>/etc/group \\",
    " && echo 'nextjs:x:1001:1001:nextjs:/app:/sbin/nologin' >>/etc/passwd",
    copy(`${dist}/standalone`, ''),
    copy(`${dist}/static`),
    ...(next.hasPublic ? [copy(`${at}public`)] : []),
    ...schemaPaths(prisma).map(([from, to]) => copy(from, to)),
    ...(prisma.migrations === undefined || isCopied ? [] : [copy(prisma.migrations)]),
    ...(prisma.seed === undefined
      ? []
      : ['# seed.js, or seed.mjs if the seed has an `await` at its top level.', copy('.seed/', '')]),
    copy(`${zarpeFolder(project)}/entrypoint.js`, ''),
    copy('zarpe.config.json'),
    `RUN mkdir -p ${cache} .compile-cache && chown 1001:0 ${cache} .compile-cache && chmod 775 ${cache}`,
    'USER 1001:1001',
    'ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 PORT=3000 HOSTNAME=0.0.0.0 NODE_COMPILE_CACHE=/app/.compile-cache',
    '# Node.js compiles the code once here, and not at each start.',
    'RUN node entrypoint.js warm-cache',
    'EXPOSE 3000',
    'STOPSIGNAL SIGTERM',
    '# Failures within the start period do not count and the first success ends it: a long migration may finish.',
    'HEALTHCHECK --interval=10s --timeout=5s --start-period=30m --retries=3 \\',
    '    CMD ["node", "entrypoint.js", "healthcheck"]',
    'ENTRYPOINT []',
    'CMD ["node", "entrypoint.js"]',
  ];
}
