import { distDir } from '../project/places.ts';
import type { Project } from '../project/project.ts';

/** PostgreSQL, the app and daily backups on one host. The scripts in `docker/` come with it. */
export function compose(project: Project, name: string): string {
  const { variables } = project;
  const args = variables.build.map((one) => `        ${one}: \${${one}:-}`);
  return `# PostgreSQL, the app and daily backups on one host:
#   cp .env.example .env && chmod 600 .env      then fill it in
#   docker compose up -d --build --wait
# docker compose stop app && docker compose run --rm restore latest      restores the last backup
name: ${name}

x-hardened: &hardened
  read_only: true
  cap_drop: [ALL]
  security_opt: ["no-new-privileges:true"]
  init: true
  restart: unless-stopped
  logging:
    driver: json-file
    options: { max-size: 10m, max-file: "5" }

services:
  postgres:
    <<: *hardened
    image: postgres:17-alpine
    environment:
      # The superuser's password, until init-db.sql moves it to the role of the app.
      POSTGRES_PASSWORD: &password \${POSTGRES_PASSWORD:?set it in .env}
      POSTGRES_DB: &database ${name}
      APP_DB_USER: &role ${name}
    volumes:
      - postgres-data:/var/lib/postgresql/data
      - ./docker/init-db.sql:/docker-entrypoint-initdb.d/init-db.sql:ro
    tmpfs: [/tmp, /run/postgresql]
    cap_add: [CHOWN, DAC_OVERRIDE, FOWNER, SETGID, SETUID]
    networks: [database]
    # It also checks the result of init-db.sql: a cluster whose initialization failed starts anyway the next time.
    healthcheck:
      test:
        - CMD-SHELL
        - >-
          pg_isready --quiet --host=127.0.0.1 --username="$$APP_DB_USER" --dbname="$$POSTGRES_DB" || exit 1;
          echo "SELECT NOT rolsuper AND datdba = r.oid FROM pg_catalog.pg_roles r, pg_catalog.pg_database
          WHERE rolname = :'role' AND datname = :'db'"
          | psql -XqtA -U postgres -d postgres -v role="$$APP_DB_USER" -v db="$$POSTGRES_DB" | grep -qx t
          || { echo "the role $$APP_DB_USER must own the database $$POSTGRES_DB and be no superuser: init-db.sql failed, see the log of the first start"; exit 1; }
      interval: 3s
      timeout: 3s
      retries: 10
      start_period: 2m
    stop_grace_period: 2m

  app:
    <<: *hardened
    image: ${name}:latest
    build:
      context: .
${args.length === 0 ? '' : `      args:\n${args.join('\n')}\n`}    depends_on:
      postgres: { condition: service_healthy }
    environment:
      # Zarpe makes DATABASE_URL of these, so that the password may contain any character.
      DATABASE_HOST: postgres
      DATABASE_USER: *role
      DATABASE_PASSWORD: *password
      DATABASE_NAME: *database
      # After a failure that requires manual action the container stays up that long before it is restarted.
      ENTRYPOINT_HOLD: 10m
${variables.runtime.map((one) => `      ${one.name}:\n`).join('')}    volumes:
      - next-cache:/app/${distDir(project)}/cache
    tmpfs: ["/tmp:mode=1777,size=64m,nosuid,nodev,noexec"]
    networks: [database, outside]
    ports: ["\${APP_BIND:-127.0.0.1}:\${APP_PORT:-3000}:3000"]
    stop_grace_period: 30s
    deploy:
      resources:
        limits: { memory: 512m, pids: 256 }

  backup:
    <<: *hardened
    image: postgres:17-alpine
    depends_on: &on-postgres
      postgres: { condition: service_healthy }
    entrypoint: [/bin/sh, /opt/docker/backup.sh]
    command: [schedule]
    environment: &backup-environment
      PGHOST: postgres
      PGUSER: *role
      PGPASSWORD: *password
      PGDATABASE: *database
      BACKUP_AT: \${BACKUP_AT:-03:15}
    user: "0:0"
    volumes: &backup-volumes
      - backups:/backups
      - ./docker:/opt/docker:ro
      - { type: tmpfs, target: /var/lib/postgresql/data, tmpfs: { size: 65536 } }
    tmpfs: [/tmp]
    networks: [database]
    healthcheck:
      test: ["CMD", "/bin/sh", "/opt/docker/backup.sh", "health"]
      interval: 10s
      timeout: 10s
      retries: 2
      start_period: 5m

  restore:
    <<: *hardened
    image: postgres:17-alpine
    profiles: [restore]
    restart: "no"
    depends_on: *on-postgres
    entrypoint: [/bin/sh, /opt/docker/restore.sh]
    environment: *backup-environment
    user: "0:0"
    volumes: *backup-volumes
    tmpfs: [/tmp]
    networks: [database]

networks:
  database:
    internal: true
  outside:

volumes:
  postgres-data:
  next-cache:
  backups:
`;
}
