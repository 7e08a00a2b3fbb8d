/** What no build reads, secrets above all. */
export function dockerignore(): string {
  return `# Nothing of this may reach a layer of the image.
.git
.github
**/node_modules
**/.next
**/.turbo
**/.env*
!**/.env.example
**/*.pem
**/*.key
**/*.log
**/*.dump
**/.DS_Store
Dockerfile*
docker-compose*.yml
compose*.y*ml
backups
coverage
secrets
`;
}
