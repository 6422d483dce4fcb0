/**
 * What comes along with the package: few direct dependencies, licences that everybody may use, nothing that
 * runs when it is installed, and types that a program finds.
 *
 * @module
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { expect, test } from 'vitest'
import { built } from './provision/built.ts'
import { emptyFolder } from './server/process.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'))
const manifest = read('package.json') as {
  dependencies: Record<string, string>
  scripts: Record<string, string>
}

interface Locked {
  readonly dev?: boolean
  readonly devOptional?: boolean
  readonly link?: boolean
  readonly license?: string
  readonly hasInstallScript?: boolean
}

/** What somebody gets who installs the package: all that is not for development alone. */
const installed = Object.entries<Locked>(read('package-lock.json').packages).filter(
  ([place, { dev, devOptional, link }]) =>
    place.startsWith('node_modules/') && !dev && !devOptional && !link,
)

test('few direct dependencies, free licences, and nothing runs while it is installed', () => {
  expect(Object.keys(manifest.dependencies).length).toBeLessThanOrEqual(15)
  const ours = ['preinstall', 'install', 'postinstall', 'prepare', 'prepack']
  expect(Object.keys(manifest.scripts).filter((name) => ours.includes(name))).toEqual([])
  expect(installed.length).toBeGreaterThan(20)
  expect(installed.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([])
  const free = /^(?:MIT|ISC|BSD-[23]-Clause|Apache-2\.0|0BSD|Unlicense|\(MIT OR CC0-1\.0\))$/
  expect(installed.filter(([, { license = '' }]) => !free.test(license))).toEqual([])
})

test('types are found through every door', { timeout: 120_000 }, async () => {
  await built()
  const folder = emptyFolder()
  const packed = execFileSync(
    'npm',
    ['pack', '--json', '--ignore-scripts', '--pack-destination', folder],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], shell: true },
  )
  const [{ filename }] = JSON.parse(packed)
  const tarball = createPackageFromTarballData(readFileSync(join(folder, filename)))
  const checked = await checkPackage(tarball)
  if (!checked.types) throw new Error('there are no types')
  // It is for `import` alone: what looks for doors without `exports`, or by `require`, is not served.
  const problems = checked.problems.filter(
    (problem) =>
      !('resolutionKind' in problem && ['node10', 'node16-cjs'].includes(problem.resolutionKind)),
  )
  expect(problems).toEqual([])
})
