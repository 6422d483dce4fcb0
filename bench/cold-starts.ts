/**
 * Cold start: from starting the process to its first answer, programs by turns.
 *
 * @module
 */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as pause } from 'node:timers/promises'
import { buildIfStale } from '../scripts/building.ts'
import { freePort } from '../scripts/free-port.ts'
import { median, shown, spread, table } from './figures.ts'
import { installPeers } from './peers.ts'
import { ratios, reached, type Told } from './told.ts'

const here = (path: string) => join(import.meta.dirname, path)

interface Starter {
  readonly name: string
  readonly args: (port: string) => readonly string[]
  readonly path: string
  readonly env?: Readonly<Record<string, string>>
  readonly took: number[]
}

const answer = { ANSWER: JSON.stringify({ headers: {}, body: '{}' }) }

export async function benchColdStarts(rounds: number): Promise<Told> {
  await buildIfStale()
  installPeers()
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const starters: readonly Starter[] = [
    {
      name: '`sallyport serve`',
      args: (port) => [here('../dist/server/main.js'), 'serve', '--port', port],
      path: '/api/v1/auth/csrf',
      took: [],
    },
    {
      name: 'better-auth, handler',
      args: (port) => [here('peers/better-auth.mjs'), 'handler', port, folder],
      path: '/api/auth/get-session',
      took: [],
    },
    {
      name: 'bare Fastify',
      args: (port) => [here('limits-server.ts'), 'fastify', port],
      path: '/mine',
      took: [],
    },
    {
      name: 'bare `node:http`',
      args: (port) => [here('bare-server.ts'), port],
      path: '/',
      env: answer,
      took: [],
    },
  ]
  try {
    // The first makes the database of each.
    for (const one of starters) await start(one, folder)
    for (const one of starters) one.took.length = 0
    for (let n = 0; n < rounds; n++) for (const one of starters) await start(one, folder)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
  const [ours, theirs] = starters
  const by = ratios(ours?.took ?? [], theirs?.took ?? [])
  const rows = starters.map(({ name, took }) => [
    name,
    shown(median(took)),
    spread(took.map((one) => one / 1_000)),
  ])
  return {
    text: `From starting the process to its first answer, its database there already; ${rounds} interleaved rounds.

${table(['program', 'ms', 'from–to, s'], rows)}`,
    goals: [
      reached(
        { goal: 'G11', what: 'cold start × better-auth', most: 0.5, unit: '×' },
        by,
        median(by),
      ),
    ],
  }
}

async function start({ args, path, env, took }: Starter, cwd: string): Promise<void> {
  const port = String(await freePort())
  const began = performance.now()
  const child = spawn(process.execPath, args(port), {
    cwd,
    env: { PATH: process.env.PATH, NODE_ENV: 'production', ...env },
    stdio: 'ignore',
  })
  const ended = once(child, 'exit')
  try {
    while (!(await answers(`http://localhost:${port}${path}`))) {
      if (child.exitCode !== null) throw new Error(`${args(port)[0]} ended with ${child.exitCode}`)
      await pause(2)
    }
    took.push(performance.now() - began)
  } finally {
    child.kill('SIGKILL')
    await ended
  }
}

/** Whatever it answers: that it does is enough. */
function answers(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    const sent = request(url, { agent: false })
    sent.on('error', () => resolve(false))
    sent.on('response', (response) => {
      response.resume()
      resolve(true)
    })
    sent.end()
  })
}
