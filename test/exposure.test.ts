/**
 * What the system could be asked for about a running server: its environment, its memory, its settings.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readdirSync, readFileSync, watch, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { freePort } from '../scripts/free-port.ts'
import { dumpsCore, forgetSecrets, opened } from '../src/server/exposure.ts'
import { browser } from './server/browser.ts'
import { bare, main } from './server/main.ts'
import { emptyFolder, follow, serve, start } from './server/process.ts'

const secret = 'kJ8vQ2nX5tR9wZ3bL6mP0sD4fG7hY1cA8eU2iO5xN9q'
const others = { SALLYPORT_PUBLIC_ORIGIN: 'https://auth.example.org' }

test('SUP-06: a report of a running server holds neither its secrets nor its environment', async () => {
  const folder = emptyFolder()
  const server = await serve({
    folder,
    env: { SALLYPORT_SECRET: secret, UNRELATED: 'kept', NODE_OPTIONS: '--report-on-signal' },
  })
  const reportOf = () => readdirSync(folder).find((name) => /^report\..*\.json$/.test(name))
  const watching = watch(folder)
  const text = () => {
    const name = reportOf()
    const found = name && readFileSync(join(folder, name), 'utf8')
    return found && /\n\}\s*$/.test(found) ? found : undefined
  }
  server.signal('SIGUSR2')
  while (text() === undefined) await once(watching, 'change')
  watching.close()
  const report = JSON.parse(text() ?? '')
  expect(report.header.processId).toBe(server.pid)
  expect(report).not.toHaveProperty('environmentVariables')
  expect(JSON.stringify(report)).not.toContain(secret)
})

test('SUP-06: a secret from a file never was in the environment; one from there is forgotten', async () => {
  const folder = emptyFolder()
  writeFileSync(join(folder, 'root'), `${secret}\n`, { mode: 0o600 })
  const server = await serve({ folder, env: { SALLYPORT_SECRET_FILE: join(folder, 'root') } })
  const given = `/proc/${server.pid}/environ`
  if (existsSync(given)) expect(readFileSync(given, 'utf8')).not.toContain(secret)
  const environment = {
    SALLYPORT_SECRET: secret,
    SALLYPORT_SETUP_TOKEN: 'one',
    SALLYPORT_DATABASE: 'postgres://ada:secret@localhost/a',
    SALLYPORT_PUBLIC_ORIGIN: 'https://auth.example.org',
  }
  forgetSecrets(environment)
  expect(Object.keys(environment)).toEqual(['SALLYPORT_PUBLIC_ORIGIN'])
})

test.each(['--inspect=0', '--heapsnapshot-signal=SIGUSR2', '--abort_on_uncaught_exception'])(
  'SUP-06: with %s nothing starts that others reach',
  async (option) => {
    const refused = await start({ env: { ...others, NODE_OPTIONS: option } })
    expect((await refused.ended).code).toBe(2)
    expect(refused.stderr.join('\n')).toMatch(/^- node: --[a-z-]+ shows the root secret/m)
  },
)

test('SUP-06: what opens nothing is let through, and a server for this machine may be debugged', async () => {
  expect(opened(['--enable-source-maps', '--import=x', '--inspect-port=1'], {})).toEqual([])
  const server = await serve({ env: { NODE_OPTIONS: '--inspect=127.0.0.1:0' } })
  expect(server.stderr.join('\n')).toContain('Debugger listening')
})

test('SUP-06: SIGUSR1 opens no debugger; where the memory may be dumped, the log says so', async () => {
  const [folder, port] = [emptyFolder(), await freePort()]
  const limited = 'ulimit -S -c "$(ulimit -H -c)"; exec "$0" "$@"'
  const arguments_ = ['-c', limited, process.execPath, main, 'serve', '--port', String(port)]
  const env = { ...bare, ...others }
  const server = follow(spawn('sh', arguments_, { cwd: folder, env }), folder, port)
  await server.line(/^Listening on/)
  server.signal('SIGUSR1')
  await server.line(/SIGUSR1 opens no debugger/)
  expect(server.stderr.join('\n')).not.toContain('Debugger listening')
  const may = dumpsCore(readFileSync(`/proc/${server.pid}/limits`, 'utf8'))
  expect(server.stderr.join('\n').includes('core dump')).toBe(may)
  const limits = (soft: string) => `Max core file size        ${soft}         unlimited    bytes\n`
  expect(['0', '1', 'unlimited'].map((soft) => dumpsCore(limits(soft)))).toEqual([
    false,
    true,
    true,
  ])
})

test('SUP-06: nothing answers with settings, environment or memory', async () => {
  const server = await serve()
  const ada = browser(server)
  await ada.setUp(server.setupToken)
  const asked = ['config', 'settings', 'env', 'debug', 'debug/pprof', 'actuator/env', 'heapdump']
  for (const one of [...asked, '.env', 'data/secret', 'sallyport.config.json'])
    for (const path of [`/${one}`, `//${one}`]) {
      const { status, headers } = await ada.send('GET', path)
      // Pages of the dashboard have no address of their own on the server.
      const page = path.startsWith('//') && /^text\/html/.test(headers['content-type'] ?? '')
      expect([path, page ? 404 : status]).toEqual([path, 404])
    }
})
