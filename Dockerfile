# `deps` installs, `builder` builds, `runner` runs; `distroless` runs without a shell. docs/containers.md explains it.
#
#   docker build -t zarpe .
#   docker build -t zarpe:distroless --target distroless .
#   docker build -t zarpe:alpine --build-arg NODE_IMAGE=node:24-alpine .
ARG NODE_IMAGE=node:24-bookworm-slim
ARG DISTROLESS_IMAGE=gcr.io/distroless/nodejs24-debian12:nonroot

FROM ${NODE_IMAGE} AS deps
WORKDIR /src
# Only the package files, so that this layer is rebuilt only when they change.
COPY package.json package-lock.json ./
# The build needs no install scripts, so none may run.
RUN --mount=type=cache,target=/root/.npm \
    npm ci --ignore-scripts --no-audit --no-fund

FROM deps AS builder
# .dockerignore includes only the sources.
COPY . .
# Needs no database and no network. The cache has a name of its own: otherwise every app that is built in the same folder on
# this machine would share it.
RUN --mount=type=cache,id=zarpe-next,sharing=locked,target=/src/.next/cache \
    npm run build
# Independent of the file modes on the build machine: everybody may read, only root may write.
RUN chmod -R u=rwX,go=rX dist/standalone

FROM ${DISTROLESS_IMAGE} AS distroless
# Otherwise the user of the base image would own the folder that WORKDIR creates.
USER 0:0
WORKDIR /app
COPY --from=builder /src/dist/standalone ./
# The only writable folder of the app. Group 0, because arbitrary users (OpenShift) belong to it.
RUN ["/nodejs/bin/node", "-e", "const fs = require('fs'), cache = '.next/cache'; fs.mkdirSync(cache); fs.chmodSync(cache, 0o775); fs.chownSync(cache, 1001, 0)"]
RUN --mount=type=bind,from=builder,source=/src/scripts/build,target=/tmp \
    ["/nodejs/bin/node", "/tmp/fill-compile-cache.cjs", "1001", "/app/.compile-cache"]
ENV NODE_COMPILE_CACHE=/app/.compile-cache
# As a number, because the base image has no such user; the same one as in `runner`, for shared volumes.
USER 1001:1001
# So that `node` is in the PATH, as in `runner`; the seed needs it too.
ENV PATH=/nodejs/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 PORT=3000 HOSTNAME=0.0.0.0
EXPOSE 3000
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=5s --start-period=30m --retries=3 \
    CMD ["node", "entrypoint.js", "healthcheck"]
# That of the base image is `node`: the command below would become `node node entrypoint.js`.
ENTRYPOINT []
CMD ["node", "entrypoint.js"]
ARG REVISION VERSION CREATED
# Shown in alerts.
ENV ENTRYPOINT_IMAGE_REVISION=${REVISION}
LABEL org.opencontainers.image.title="Zarpe" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.created="${CREATED}"

# The last stage is the default target of `docker build`.
FROM ${NODE_IMAGE} AS runner
# The image needs no package manager and no setuid programs. They remain in the layers of the base image.
RUN rm -rf /usr/local/lib/node_modules /usr/local/bin/npm /usr/local/bin/npx /usr/local/bin/corepack \
      /usr/local/bin/yarn /usr/local/bin/yarnpkg /opt/yarn-v* \
 && find / -xdev -type f -perm /6000 -exec chmod a-s {} +
# Written directly, because the commands differ between Debian and Alpine.
RUN echo 'nodejs:x:1001:' >>/etc/group \
 && echo 'nextjs:x:1001:1001:nextjs:/app:/sbin/nologin' >>/etc/passwd
WORKDIR /app
COPY --from=builder /src/dist/standalone ./
RUN mkdir .next/cache && chmod 775 .next/cache && chown 1001:0 .next/cache
# The compile cache of Node.js, for a faster start. It is only valid for this Node.js version, path and user, so it is created
# here. The mount point is a folder that both base images have, because the layer keeps it.
RUN --mount=type=bind,from=builder,source=/src/scripts/build,target=/tmp \
    node /tmp/fill-compile-cache.cjs 1001 /app/.compile-cache
ENV NODE_COMPILE_CACHE=/app/.compile-cache
USER nextjs:nodejs
ENV NODE_ENV=production NEXT_TELEMETRY_DISABLED=1 PORT=3000 HOSTNAME=0.0.0.0
EXPOSE 3000
STOPSIGNAL SIGTERM
# Failures within the start period do not count and the first success ends it. A long start period lets a long migration
# finish although the orchestrator kills unhealthy containers.
HEALTHCHECK --interval=10s --timeout=5s --start-period=30m --retries=3 \
    CMD ["node", "entrypoint.js", "healthcheck"]
# That of the base image is a shell script that only inspects the command.
ENTRYPOINT []
CMD ["node", "entrypoint.js"]
ARG REVISION VERSION CREATED
# Shown in alerts.
ENV ENTRYPOINT_IMAGE_REVISION=${REVISION}
LABEL org.opencontainers.image.title="Zarpe" \
      org.opencontainers.image.licenses="MIT" \
      org.opencontainers.image.revision="${REVISION}" \
      org.opencontainers.image.version="${VERSION}" \
      org.opencontainers.image.created="${CREATED}"
