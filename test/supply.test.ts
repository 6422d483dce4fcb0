/**
 * What comes along with the package: few direct dependencies, licences that everybody may use, nothing that
 * runs when it is installed, and types that a program finds.
 *
 * @module
 */
import { execFileSync } from 'node:child_process'
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { checkPackage, createPackageFromTarballData } from '@arethetypeswrong/core'
import { expect, test } from 'vitest'
import { carried } from '../scripts/bundling.ts'
import { built } from './provision/built.ts'
import { emptyFolder } from './server/process.ts'
import { free, locked, needed } from './supply/installed.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string) => JSON.parse(readFileSync(join(root, path), 'utf8'))
const manifest = read('package.json') as {
  dependencies: Record<string, string>
  scripts: Record<string, string>
  allowScripts: Record<string, boolean>
  publishConfig: { provenance: boolean }
}

/** What somebody gets who installs the package. */
const installed = needed('')
const own = (scripts: Record<string, string> = {}) =>
  Object.keys(scripts).filter((name) => /^(?:(?:pre|post)?install|prepare|prepack)$/.test(name))

test('SUP-05: few direct dependencies, few altogether, and none that is not used', () => {
  const direct = Object.keys(manifest.dependencies)
  expect(direct.length).toBeLessThanOrEqual(15)
  expect(installed.filter((one) => one.direct).map(({ name }) => name)).toEqual(direct.sort())
  const more = installed.filter(({ direct, optional }) => !direct && !optional)
  expect(more.length).toBeGreaterThan(10)
  expect(more.length).toBeLessThanOrEqual(40)
})

test('what is published tells the build it is from', () => {
  expect(manifest.publishConfig.provenance).toBe(true)
})

test('free licences, in the lockfile and in what is installed', () => {
  const all = [...installed, ...needed('dashboard')]
  expect(all.filter(({ license = '' }) => !free.test(license))).toEqual([])
  const here = all.filter(({ place }) => existsSync(join(root, place)))
  expect(here.length).toBeGreaterThan(60)
  for (const { place, version, license } of here) {
    const told = read(`${place}/package.json`)
    expect([place, told.version, told.license]).toEqual([place, version, license])
  }
})

test('what the program carries needs nothing more, and its licences are with it', async () => {
  await built()
  const ours = installed.filter(({ name }) => carried.includes(name))
  expect(ours.map(({ name, place }) => [name, locked[place]?.dependencies])).toEqual(
    carried.map((name) => [name, undefined]),
  )
  const text = readFileSync(join(root, 'dist/server/LICENSES.md'), 'utf8')
  const named = [...text.matchAll(/^## (\S+) - (\S+) /gm)].map(([, ...what]) => what)
  expect(named.filter(([name]) => name !== 'sallyport')).toEqual(
    ours.map(({ name, version }) => [name, version]),
  )
})

test('SUP-03: every entry of the lockfile has its digest and names no registry', () => {
  const entries = Object.entries(locked).filter(
    ([place, { link }]) => place.includes('node_modules/') && !link,
  )
  expect(entries.length).toBeGreaterThan(400)
  const digest = /^sha512-[A-Za-z0-9+/]{86}==$/
  expect(entries.filter(([, { integrity = '' }]) => !digest.test(integrity))).toEqual([])
  expect(entries.filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
  const text = readFileSync(join(root, 'package-lock.json'), 'utf8')
  const hosts = [...text.matchAll(/https?:\/\/([\w.-]+)/g)].map(([, host]) => host)
  // Addresses for gifts, and notes on versions that are given up.
  const tells = text.replace(/"(?:funding|url|deprecated)": (?:"[^"]*"|\{[^}]*\}|\[[^\]]*\])/g, '')
  expect([hosts.length > 0, /https?:|git\+|file:/.test(tells)]).toEqual([true, false])
})

test('SUP-03: nothing runs while it is installed, but what is allowed to, for development', () => {
  expect(own(manifest.scripts)).toEqual([])
  const running = Object.entries(locked).filter(([, { hasInstallScript }]) => hasInstallScript)
  const names = running.map(([place]) => place.replace('node_modules/', ''))
  expect(names.sort()).toEqual(Object.keys(manifest.allowScripts).sort())
  expect(installed.filter(({ hasInstallScript }) => hasInstallScript)).toEqual([])
  for (const { place } of installed.filter(({ place }) => existsSync(join(root, place))))
    expect([place, own(read(`${place}/package.json`).scripts).filter(isRun)]).toEqual([place, []])
})

/** `prepare` and `prepack` of a package are its makers’ own: npm runs them nowhere else. */
const isRun = (name: string) => name.endsWith('install')

test('a bill of materials names all of it, with digests', () => {
  const bill = execFileSync(
    'npm',
    ['sbom', '--sbom-format=cyclonedx', '--package-lock-only', '--offline'],
    { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'], shell: true },
  )
  const { bomFormat, components } = JSON.parse(bill)
  expect(bomFormat).toBe('CycloneDX')
  const named = new Set(components.map((one: { name: string; group?: string }) => one.name))
  expect(installed.filter(({ name }) => !named.has(name)).map(({ name }) => name)).toEqual([])
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
