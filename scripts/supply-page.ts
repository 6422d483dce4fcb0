/**
 * The page of what comes along, written from the lockfile.
 *
 * @module
 */
import { needed, type Package } from '../test/supply/installed.ts'
import { carried } from './bundling.ts'

const rows = (packages: readonly Package[]) =>
  packages
    .map(({ name, version, license, direct }) =>
      [direct ? `**${name}**` : name, version, license].join(' | '),
    )
    .map((row) => `| ${row} |`)
    .join('\n')

/** One line for all builds of a native package: only that of the machine is installed. */
function together(packages: readonly Package[]): readonly Package[] {
  const builds = packages.filter(({ optional }) => optional)
  return packages.filter((one) => !builds.includes(one))
}

export function supplyPage(): string {
  const ours = needed('')
  const shown = together(ours)
  const direct = ours.filter((one) => one.direct).length
  return `# Supply chain

Written by \`npm run reference\` from the lockfile; do not edit.

Whoever installs Sallyport gets ${direct} packages that it names and ${shown.length - direct} that those need, ${shown.length} in all, and of
\`@node-rs/argon2\` the build for the machine (${ours.length - shown.length} there are). \`pg\`, \`react\`, \`fastify\` and \`axios\` are the host's own.

| held | by |
|---|---|
| at most 15 named packages, each in an exact version or one that the lockfile fixes | SUP-05 |
| free licences only, in the lockfile and in what is installed | \`test/supply.test.ts\` |
| nothing of it runs while it is installed; for development only the binaries of PostgreSQL may | SUP-03 |
| every entry of the lockfile has its SHA-512, and none names a registry: yours is asked, and what it gives is held against the digest | SUP-03 |
| nothing in the package but what is listed, no source maps, no tests | SUP-04 |
| a bill of materials | \`npm sbom --sbom-format=cyclonedx\`, not with \`--omit=dev\`: npm then leaves out what development needs as well |

The program \`sallyport\` carries ${carried.length} of the packages in itself, for a quicker start: ${carried.map((name) => `\`${name}\``).join(', ')}. They need
nothing more, are in the versions below, and their licences are in \`dist/server/LICENSES.md\`. An \`overrides\` of yours
changes what the library loads and not them.

## What a test without network cannot know

Whether a weakness has been published since: a snapshot of advisories in the repository would be old when it is
read. So nothing in \`npm test\` claims it, and the rest is done by hand:

- **To publish**: from a build that the registry can vouch for (\`publishConfig.provenance\`); from anywhere else
  \`npm publish\` refuses.
- **For a release**: \`npm audit\` has to find nothing, and no version is taken that
  was published less than seven days before, but to mend a weakness. How soon one is mended:
  [SECURITY.md](../../SECURITY.md).
- **Where you run it**: the same command in your project, nightly; and \`npm audit signatures\`, which holds what is
  installed against what the registry has signed.

## Installed

In bold what ours names.

| package | version | licence |
|---|---|---|
${rows(shown)}

## Built into the dashboard

Not installed; part of the pages.

| package | version | licence |
|---|---|---|
${rows(needed('dashboard'))}
`
}
