/**
 * Forward-auth in front of an application in another language, through real proxies: the configurations of
 * `examples/`, with other ports.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { expect, onTestFinished, test } from 'vitest'
import { freePort } from '../scripts/free-port.ts'
import { dial, stream } from './gate/sockets.ts'
import { ask } from './provision/ask.ts'
import { browser } from './server/browser.ts'
import { emptyFolder, follow, serve } from './server/process.ts'

const examples = join(import.meta.dirname, '../examples')

/** Waits until something listens. */
async function listens(port: number): Promise<void> {
  for (;;) {
    const reached = await new Promise<boolean>((resolve) => {
      const socket = connect(port, '127.0.0.1')
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false))
      socket.on('connect', () => socket.destroy())
    })
    if (reached) return
    await pause(20)
  }
}

const asRoot = process.getuid?.() === 0 ? ' user root;' : ''
const proxies: Readonly<
  Record<string, { at: number; file: string; args: (file: string) => readonly string[] }>
> = {
  nginx: {
    at: 0,
    file: 'nginx/nginx.conf',
    args: (file) => [
      '-p',
      join(file, '..'),
      '-c',
      file,
      '-g',
      `daemon off; master_process off;${asRoot}`,
    ],
  },
  caddy: {
    at: 1,
    file: 'caddy/Caddyfile',
    args: (file) => ['run', '--adapter', 'caddyfile', '--config', file],
  },
}

test.for(Object.entries(proxies))(
  '%s lets in who is signed in, and tells the application who that is',
  // It may have to be installed on the way.
  { timeout: 300_000 },
  async ([, { at, file, args }]) => {
    const program = (await ask('/proxies')).split(',')[at] ?? ''
    const [front, back, ours] = [await freePort(), await freePort(), await freePort()]
    const origin = `http://localhost:${front}`
    const folder = emptyFolder()
    const config = join(folder, 'proxy.conf')
    const written = readFileSync(join(examples, file), 'utf8')
      .replaceAll(':8000', `:${front}`)
      .replaceAll(':8080', `:${back}`)
      .replaceAll(':3000', `:${ours}`)
    writeFileSync(config, written)
    const env = { PATH: process.env.PATH ?? '', HOME: folder, XDG_DATA_HOME: folder }
    const run = (what: string, rest: readonly string[], port: number) =>
      follow(spawn(what, [...rest], { cwd: folder, env }), folder, port)
    run('python3', [join(examples, 'application.py'), `${back}`], back)
    mkdirSync(join(folder, 'logs'), { recursive: true })
    const proxy = run(program, args(config), front)
    const server = await serve({
      port: ours,
      env: { SALLYPORT_PUBLIC_ORIGIN: origin, SALLYPORT_TRUST_PROXY: '127.0.0.1' },
    })
    const ended = proxy.ended.then(() => {
      throw new Error(`${program} ended:\n${proxy.stderr.join('\n')}`)
    })
    ended.catch(() => undefined)
    await Promise.race([Promise.all([listens(front), listens(back)]), ended])

    const ada = browser({ port: front, origin })
    const nobody = await ada.send('GET', '//reports?year=2026', {
      headers: { Accept: 'text/html', 'X-Sallyport-Username': 'root' },
    })
    expect([nobody.status, nobody.headers.location]).toEqual([
      302,
      `${origin}/sign-in?return=${encodeURIComponent('/reports?year=2026')}`,
    ])

    const spoofed = {
      'X-Forwarded-For': '203.0.113.9',
      'X-Sallyport-Username': 'root',
      X_Sallyport_Username: 'root',
      'X_Sallyport-Username': 'root',
      'X-Sallyport-Key': 'root',
      'X-Sallyport-Scopes': 'users:write',
      X_Sallyport_Scopes: 'users:write',
    }
    expect((await ada.setUp(server.setupToken)).status).toBe(201)
    ada.jar.clear()
    const signed = await ada.send('POST', '/auth/login', {
      json: { username: 'ada', password: 'correct horse battery staple' },
      headers: spoofed,
    })
    expect(signed.status).toBe(200)
    expect(signed.json.session).toMatchObject({ address: '127.0.0.1' })
    const read = await ada.send('GET', '//reports?year=2026', { headers: spoofed })
    expect([read.status, read.text]).toEqual([200, 'GET /reports?year=2026 by ada\n'])
    const posted = await ada.send('POST', '//orders', { json: { order: 7 } })
    expect([posted.status, posted.text]).toEqual([200, 'POST /orders by ada\n'])
    for (const headers of [{ 'X-CSRF-Token': null }, { Origin: 'https://evil.test' }])
      expect((await ada.send('POST', '//orders', { json: {}, headers })).status).toBe(403)

    // A page of a sibling opens a socket of the application's with the cookies of whoever looks at it.
    const handshake = {
      Connection: 'Upgrade',
      Upgrade: 'websocket',
      'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version': '13',
    }
    for (const [Origin, status] of [
      ['https://evil.test', 403],
      [origin, 200],
    ] as const)
      expect((await ada.send('GET', '//live', { headers: { ...handshake, Origin } })).status).toBe(
        status,
      )

    const { ticket } = (await ada.send('POST', '/auth/ws-ticket')).json
    const socket = await dial(front, { ticket: String(ticket) }, origin)
    const events = await stream(front, ada.jar, {}, new URL(origin).host)
    await events.hears(/: welcome/)
    expect([socket.status, events.status]).toEqual([101, 200])
    expect((await ada.send('POST', '/auth/logout')).status).toBe(204)
    expect(await socket.closed).toMatchObject({ code: 4401, reason: 'logout' })
    await events.hears(/event: revoked/)
    expect((await ada.send('GET', '//reports')).status).not.toBe(200)
    onTestFinished(() => proxy.signal('SIGTERM'))
  },
)
