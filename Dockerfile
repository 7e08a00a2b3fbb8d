# `deps` installs, `builder` builds, `runner` runs; `distroless` runs without a shell. docs/containers.md explains it.
#
#   docker build -t zarpe .
#   docker build -t zarpe:distroless --target distroless .
#   docker build -t zarpe:alpine --build-arg NODE_IMAGE=node:24-alpine .
ARG NODE_IMAGE=node:24-bookworm-slim
ARG DISTROLESS_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

FROM ${NODE_IMAGE} AS deps
WORKDIR /src
# Only what names the packages, so that nothing but a change of them installs anything.
COPY package.json package-lock.json ./
# No package needs its install script for this build, so none gets to run one.
RUN --mount=type=cache,target=/root/.npm \
    npm ci --ignore-scripts --no-audit --no-fund

FROM deps AS builder
# What .dockerignore lets through: the sources and nothing else.
COPY . .
# Asks for no database and for no network.
RUN --mount=type=cache,target=/src/.next/cache \
    npm run build
# Whatever the modes on the machine that builds were: all may read, nobody but root may write.
RUN chmod -R u=rwX,go=rX dist/standalone

FROM ${DISTROLESS_IMAGE} AS distroless
# The base's own user would get the folder that WORKDIR makes.
USER 0:0
WORKDIR /app
COPY --from=builder /src/dist/standalone ./
# The one folder of the app's that is written to: the user's, and of group 0, which an arbitrary user is in.
RUN ["/nodejs/bin/node", "-e", "const fs = require('fs'), cache = '.next/cache'; fs.mkdirSync(cache); fs.chmodSync(cache, 0o775); fs.chownSync(cache, 1001, 0)"]
RUN --mount=type=bind,from=builder,source=/src/scripts/build,target=/tmp \
    ["/nodejs/bin/node", "/tmp/fill-compile-cache.cjs", "1001", "/app/.compile-cache"]
ENV NODE_COMPILE_CACHE=/app/.compile-cache
# By number: the base knows no user of ours, and files in a shared volume have the same owner as with `runner`.
USER 1001:1001
# So that `node` is found here as in `runner`, by the seed too.
ENV PATH=/nodejs/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 PORT=3000 HOSTNAME=0.0.0.0
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30m --retries=3 \
    CMD ["node", "entrypoint.js", "healthcheck"]
# The base's is `node`, which would make the command below `node node entrypoint.js`.
ENTRYPOINT []
CMD ["node", "entrypoint.js"]
ARG REVISION VERSION CREATED
# Named in alerts.
ENV ENTRYPOINT_IMAGE_REVISION=${REVISION}
LABEL org.opencontainers.image.title="Zarpe" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.created="${CREATED}"

# Last, and so what `docker build` makes when no target is named.
FROM ${NODE_IMAGE} AS runner
# Nothing here installs anything, and no program has to run as somebody else. In the base's layers they stay.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-v* \
 && find / -xdev -type f -perm /6000 -exec chmod a-s {} +
# By hand, because Debian and Alpine name the commands for it differently.
RUN echo 'nodejs:x:1001:' >>/etc/group \
 && echo 'nextjs:x:1001:1001:nextjs:/app:/sbin/nologin' >>/etc/passwd
WORKDIR /app
COPY --from=builder /src/dist/standalone ./
RUN mkdir .next/cache && chmod 775 .next/cache && chown 1001:0 .next/cache
# Compiled code for Node.js, for a quicker start: made here because it holds for this Node.js, path and user only. The
# script lies on a folder that both bases have, for a mount leaves the folder it was on behind.
RUN --mount=type=bind,from=builder,source=/src/scripts/build,target=/tmp \
    node /tmp/fill-compile-cache.cjs 1001 /app/.compile-cache
ENV NODE_COMPILE_CACHE=/app/.compile-cache
USER nextjs:nodejs
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 PORT=3000 HOSTNAME=0.0.0.0
EXPOSE 3000
STOPSIGNAL SIGTERM
# A failure within the start period does not count and the first success ends it. So a long one costs nothing, and an
# orchestrator that kills what is unhealthy lets a migration of many minutes finish.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30m --retries=3 \
    CMD ["node", "entrypoint.js", "healthcheck"]
# The base's is a shell script that looks at the command; there is nothing to look at.
ENTRYPOINT []
CMD ["node", "entrypoint.js"]
ARG REVISION VERSION CREATED
# Named in alerts.
ENV ENTRYPOINT_IMAGE_REVISION=${REVISION}
LABEL org.opencontainers.image.title="Zarpe" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.created="${CREATED}"
