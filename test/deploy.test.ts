/**
 * What `deploy/` holds, as far as it can be tried without Docker and without systemd: the last stage of the
 * container file is played in a folder, and the unit is read by systemd's own tool.
 *
 * @module
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { cpSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { delimiter, dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../scripts/free-port.ts'
import { built } from './provision/built.ts'
import { program } from './provision/debian.ts'
import { emptyFolder, follow } from './server/process.ts'

const root = join(import.meta.dirname, '..')
const read = (path: string) => readFileSync(join(root, path), 'utf8')

/** The steps of a container file, each a word and the rest; a stage is what follows a `FROM`. */
function stagesOf(text: string): (readonly (readonly [word: string, rest: string])[])[] {
  const lines = text
    .replaceAll(/^#.*\n/gm, '')
    .replaceAll(/\s*\\\n\s*/g, ' ')
    .split('\n')
  const steps = lines.filter(Boolean).map((line) => {
    const [, word = '', rest = ''] = /^([A-Z]+) +(.*)$/.exec(line) ?? []
    return [word, rest] as const
  })
  const starts = steps.flatMap(([word], at) => (word === 'FROM' ? [at] : []))
  return starts.map((at, index) => steps.slice(at, starts[index + 1]))
}
const stages = stagesOf(read('deploy/Dockerfile'))
const [making = [], last = []] = stages
const told = (word: string, of = last) => of.flatMap(([one, rest]) => (one === word ? [rest] : []))

test('the container file: two stages, nobody’s rights, and nothing of this machine', () => {
  expect(stages).toHaveLength(2)
  const known = /^(FROM|WORKDIR|COPY|RUN|ENV|USER|VOLUME|EXPOSE|HEALTHCHECK|CMD)$/
  expect(stages.flat().filter(([word]) => !known.test(word))).toEqual([])
  const { engines, scripts } = JSON.parse(read('package.json'))
  for (const [from = ''] of [told('FROM', making), told('FROM')]) {
    const [, major = ''] = /^node:(\d+)-slim/.exec(from) ?? []
    expect(engines.node).toContain(`^${major}.`)
  }
  expect(told('FROM', making)).toEqual([expect.stringMatching(/ AS build$/)])
  expect(told('COPY')).toEqual([expect.stringMatching(/^--from=build --chown=root:root /)])
  const words = last.map(([word]) => word)
  expect(told('USER')).toEqual(['node'])
  // Nothing is done as root once it is nobody.
  expect(words.slice(words.indexOf('USER'))).not.toContain('RUN')
  const run = [
    ...told('RUN', making)
      .join(' ')
      .matchAll(/npm run (\w+)/g),
  ].map(([, name]) => name)
  expect(run).toEqual(['build'])
  expect(scripts).toHaveProperty('build')
  const ignored = read('deploy/Dockerfile.dockerignore').split('\n')
  expect(ignored).toEqual(expect.arrayContaining(['.git', 'data', 'dist', 'node_modules']))
})

test('the container serves, is found well, takes commands, and stops', {
  timeout: 120_000,
}, async () => {
  await built()
  const folder = emptyFolder()
  const here = (text: string) => text.replaceAll(/(?<=^|[ =:])\/(app|data)\b/g, `${folder}/$1`)
  // What the first stage leaves: a project into which the package was installed.
  mkdirSync(join(folder, 'app/node_modules/.bin'), { recursive: true })
  symlinkSync(join(root, 'bin/sallyport.cjs'), join(folder, 'app/node_modules/.bin/sallyport'))
  const [data = ''] = told('RUN')
  execFileSync('sh', ['-c', here(data.replace('-o node -g node ', ''))])
  expect(statSync(join(folder, 'data')).mode & 0o777).toBe(0o700)

  const port = await freePort()
  const [path = ''] = told('ENV').flatMap((rest) => /\bPATH=(\S+)/.exec(rest)?.[1] ?? [])
  const programs = [dirname(process.execPath), process.env.PATH].join(delimiter)
  const env = {
    NODE_ENV: 'production',
    PATH: here(path).replace('$PATH', programs),
    SALLYPORT_PUBLIC_ORIGIN: 'https://auth.example.test',
    SALLYPORT_PORT: `${port}`,
  }
  const around = { cwd: folder, env }
  const [program = '', ...args] = JSON.parse(told('CMD')[0] ?? '') as string[]
  const server = follow(spawn(program, args, around), folder, port)
  await server.line(/^Claim this instance: https:\/\/auth\.example\.test\/setup#token=/)
  await server.line(/^Listening on https:\/\/auth\.example\.test$/)
  expect(statSync(join(folder, 'data/sallyport.db')).isFile()).toBe(true)

  const [, asked = ''] = /CMD (\[.*\])$/.exec(told('HEALTHCHECK')[0] ?? '') ?? []
  expect([told('EXPOSE'), asked]).toEqual([['3000'], expect.stringContaining(':3000/')])
  const [checker = '', ...check] = JSON.parse(asked.replace('3000', `${port}`)) as string[]
  const well = () => spawnSync(checker, check, around).status
  expect(well()).toBe(0)
  const executed = spawnSync('sallyport', ['secret', 'status'], { ...around, encoding: 'utf8' })
  expect([executed.status, executed.stderr]).toEqual([0, ''])

  server.signal('SIGTERM')
  expect(await server.ended).toEqual({ code: 0, signal: null })
  expect(well()).toBe(1)
})

test('the unit is one that systemd reads whole, and it gives little away', async () => {
  const folder = emptyFolder()
  const analyze = await program('systemd-analyze', 'systemd')
  const unit = join(folder, 'sallyport.service')
  const text = read('deploy/sallyport.service')
  const [, started = ''] = /^ExecStart=(\S+) serve$/m.exec(text) ?? []
  // As `npm install --global --prefix` lays it out.
  expect(text).toContain(`npm install --global --prefix ${dirname(dirname(started))} sallyport\n`)
  cpSync(join(root, 'bin'), join(folder, 'bin'), { recursive: true })
  writeFileSync(unit, text.replace(started, join(folder, 'bin/sallyport.cjs')))
  const asked = (...args: string[]) => spawnSync(analyze, args, { encoding: 'utf8' })
  const verified = asked('verify', unit)
  // It tells of what it does not know, and goes on.
  expect([verified.status, verified.stderr]).toEqual([0, ''])
  const open = asked('security', '--offline=true', '--no-pager', '--threshold=20', unit)
  expect([open.status, open.stdout]).toEqual([
    0,
    expect.stringMatching(/exposure level .*: 1\.\d OK/),
  ])
})
