import { distDir } from '../../project/places.ts';
import type { Project } from '../../project/project.ts';
import { copiedPaths } from './copied.ts';
import { copyLine, IMAGE, openssl, quote } from './lines.ts';

/** In JavaScript, because Debian and Alpine have no command in common that runs another as a user. */
const WARM_CACHE =
  "require('child_process').execFileSync('node', ['entrypoint.js', 'warm-cache'], { uid: 1001, gid: 1001, stdio: 'inherit' })";

/** The stage that becomes the image: the standalone build, the migrations and the entrypoint, run by a user without rights. */
export function runner(project: Project): string[] {
  const cache = quote(`${distDir(project)}/cache`);
  return [
    `FROM ${IMAGE} AS runner`,
    'WORKDIR /app',
    ...openssl(project),
    '# Written directly, because the commands differ between Debian and Alpine.',
    "RUN echo 'nodejs:x:1001:' >>/etc/group \\",
    " && echo 'nextjs:x:1001:1001:nextjs:/app:/sbin/nologin' >>/etc/passwd",
    ...copiedPaths(project).map(([from, to]) => copyLine([from], to, 'builder')),
    `RUN mkdir -p ${cache} .compile-cache && chown 1001:0 ${cache} .compile-cache && chmod 775 ${cache}`,
    'ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 PORT=3000 HOSTNAME=0.0.0.0 NODE_COMPILE_CACHE=/app/.compile-cache',
    '# Node.js compiles the code once here, and not at each start: as the user that will run, who may not write to it afterwards.',
    `RUN node -e "${WARM_CACHE}" \\`,
    ' && chown -R 0:0 .compile-cache && chmod -R u=rwX,go=rX .compile-cache',
    'USER 1001:1001',
    'EXPOSE 3000',
    'STOPSIGNAL SIGTERM',
    '# Failures within the start period do not count and the first success ends it: a long migration may finish.',
    'HEALTHCHECK --interval=10s --timeout=5s --start-period=30m --retries=3 \\',
    '    CMD ["node", "entrypoint.js", "healthcheck"]',
    'ENTRYPOINT []',
    'CMD ["node", "entrypoint.js"]',
  ];
}
