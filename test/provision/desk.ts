/**
 * The desk where tests ask for what they need of the outside world. It lives in vitest's main
 * process, so a database server or a browser is brought up once for all test files, and only when
 * the first of them asks.
 *
 * @module
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import { buildIfStale } from '../../scripts/building.ts'
import { findChromium } from './chromium-program.ts'
import { postgresTools, program } from './debian.ts'
import { type PostgresServer, startPostgres } from './postgres-server.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where the desk listens; see `ask.ts`. */
    readonly desk: string
  }
}

/** Opens the desk before the tests; the function answered closes it after them. */
export async function setup({ provide }: TestProject): Promise<() => Promise<void>> {
  let postgres: Promise<PostgresServer> | undefined
  let chromium: Promise<string> | undefined
  let proxies: Promise<readonly string[]> | undefined
  let tools: Promise<string> | undefined
  let built: Promise<void> | undefined
  const counters: Readonly<Record<string, () => Promise<string>>> = {
    async '/postgres'() {
      postgres ??= startPostgres({ durable: false })
      return (await postgres).fresh()
    },
    '/chromium'() {
      chromium ??= findChromium()
      return chromium
    },
    async '/proxies'() {
      // One after the other: there is one lock for all of apt.
      proxies ??= program('nginx').then(async (nginx) => [nginx, await program('caddy')])
      return (await proxies).join()
    },
    async '/postgres-tools'() {
      tools ??= (proxies ?? Promise.resolve()).then(postgresTools)
      return tools
    },
    async '/built'() {
      built ??= buildIfStale()
      await built
      return ''
    },
  }

  const server = createServer(async (request, response) => {
    try {
      const counter = counters[request.url ?? '']
      if (!counter) throw new Error(`the desk has no ${request.url}`)
      response.end(await counter())
    } catch (error) {
      response.writeHead(500).end(error instanceof Error ? error.message : String(error))
    }
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  provide('desk', `http://127.0.0.1:${(server.address() as AddressInfo).port}`)

  return async () => {
    server.closeAllConnections()
    server.close()
    await postgres?.then(
      (started) => started.stop(),
      () => {},
    )
  }
}
