/**
 * A host application in a process of the test: the real gate in memory behind a real port, a page
 * built from source, routes of its own, and a clock that the test moves. It can go away and come back.
 *
 * @module
 */
import { once } from 'node:events'
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import { build } from 'vite'
import { onTestFinished } from 'vitest'
import { freePort } from '../../scripts/free-port.ts'
import type { Incoming, Sallyport } from '../../src/index.ts'
import { listener } from '../../src/mounts/node.ts'
import { sockets } from '../../src/mounts/sockets.ts'
import {
  createTestSallyport,
  type TestOptions,
  type TestSallyport,
} from '../../src/testing/testing.ts'

export interface Host {
  readonly origin: string
  readonly kit: TestSallyport
  /** Drops every connection and answers none, as if the machine were gone. */
  readonly away: () => Promise<void>
  readonly back: () => Promise<void>
  /** Method and path of what was asked under the base path since this was last called. */
  readonly asked: () => string[]
  /** Keeps what is asked there waiting, as in `POST /auth/refresh`, until the answer is called. */
  readonly hold: (path: string) => () => void
}

export interface HostOptions extends TestOptions {
  /** The page's script, a file beside this one. */
  readonly page: string
  /** What stands in the body of the page, for a page that is drawn here. */
  readonly body?: (request: Incoming, gate: Sallyport) => Promise<string>
  /** Routes of the host's own, under `/host/`. */
  readonly route?: (request: Incoming, gate: Sallyport) => Promise<Response>
}

const scripts = new Map<string, Promise<string>>()

/** Closed again when the test is over. */
export async function host({ page, body, route, ...options }: HostOptions): Promise<Host> {
  const port = await freePort()
  const origin = `http://localhost:${port}`
  const kit = await createTestSallyport({
    ...options,
    settings: { publicOrigin: origin, ...options.settings },
  })
  onTestFinished(kit.close)
  const script = await scriptOf(page)
  let asked: string[] = []
  const held = new Map<string, Promise<void>>()

  const server = createServer(
    listener(async (request, from) => {
      const { pathname } = new URL(request.url)
      if (pathname.startsWith(kit.gate.basePath)) {
        const path = `${request.method} ${pathname.slice(kit.gate.basePath.length)}`
        asked.push(path)
        await held.get(path)
        return kit.gate.handlePlain(request, from)
      }
      if (pathname === '/page.js')
        return new Response(script, { headers: { 'content-type': 'text/javascript' } })
      if (pathname === '/favicon.ico') return new Response(null, { status: 204 })
      if (pathname.startsWith('/host/') && route) return route(request, kit.gate)
      return new Response(documentOf((await body?.(request, kit.gate)) ?? ''), {
        headers: {
          'content-type': 'text/html; charset=utf-8',
          'content-security-policy': "default-src 'self'",
        },
      })
    }),
  )
  const live = sockets(kit.gate)
  onTestFinished(() => live.close())
  const upgraded = new Set<Duplex>()
  server.on('upgrade', (request, socket, head) => {
    upgraded.add(socket.on('close', () => upgraded.delete(socket)))
    live.upgrade(request, socket, head)
  })
  const back = async () => {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
  }
  const away = async () => {
    if (!server.listening) return
    server.close()
    server.closeAllConnections()
    for (const socket of upgraded) socket.destroy()
    await once(server, 'close')
  }
  await back()
  onTestFinished(away)
  return {
    origin,
    kit,
    away,
    back,
    asked: () => {
      const those = asked
      asked = []
      return those
    },
    hold: (path) => {
      let release = () => {}
      const until = new Promise<void>((resolve) => {
        release = resolve
      })
      held.set(path, until)
      return () => {
        held.delete(path)
        release()
      }
    },
  }
}

const documentOf = (body: string) => `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>A host</title></head>
<body><div id="root">${body}</div><script type="module" src="/page.js"></script></body></html>`

/** Built as while developing, so that strict mode is strict. */
function scriptOf(page: string): Promise<string> {
  const made = scripts.get(page) ?? bundle(page)
  scripts.set(page, made)
  return made
}

async function bundle(page: string): Promise<string> {
  const made = await build({
    configFile: false,
    logLevel: 'error',
    mode: 'development',
    define: { 'process.env.NODE_ENV': '"development"' },
    build: {
      write: false,
      minify: false,
      modulePreload: { polyfill: false },
      rolldownOptions: { input: join(import.meta.dirname, page) },
    },
  })
  const outputs = (Array.isArray(made) ? made : [made]).flatMap((one) =>
    'output' in one ? one.output : [],
  )
  const [code, ...more] = outputs.flatMap((one) => (one.type === 'chunk' ? [one.code] : []))
  if (code === undefined || more.length > 0) throw new Error(`${page}: not one script`)
  return code
}
