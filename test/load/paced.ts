/**
 * Paced: so many requests a second, whether or not those before are answered, each timed from when it was
 * due. Whoever is kept waiting keeps nobody from asking.
 *
 * @module
 */

import type { Agent, OutgoingHttpHeaders } from 'node:http'
import { request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

/** Milliseconds; whoever waits longer has gone away. */
const patience = 10_000

export interface Answered {
  /** 0 for none. */
  readonly status: number
  readonly set: readonly string[]
}

export interface Asking {
  readonly port: number
  readonly agent?: Agent
  readonly method: string
  /** Below the base path. */
  readonly path: string
  readonly headers: OutgoingHttpHeaders
  readonly body?: string
}

export function ask(asking: Asking): Promise<Answered> {
  const { port, agent, method, path, headers, body } = asking
  return new Promise((resolve) => {
    const to = { host: '127.0.0.1', port, method, path: `/api/v1${path}`, timeout: patience }
    const sent = request({ ...to, ...(agent && { agent }), headers })
    let late = false
    sent.on('timeout', () => {
      late = true
      sent.destroy()
    })
    sent.on('error', () => {
      // A connection that was kept may have been closed while this was on its way.
      const again = sent.reusedSocket && !late
      resolve(again ? ask(asking) : { status: 0, set: [] })
    })
    sent.on('response', (response) => {
      const set = response.headers['set-cookie'] ?? []
      const status = response.statusCode ?? 0
      response.resume().on('end', () => resolve({ status, set }))
    })
    sent.end(body)
  })
}

/** What became of one kind of request. Milliseconds. */
export interface Told {
  readonly offered: number
  /** How often which status; 0 is no answer. */
  readonly statuses: Readonly<Record<string, number>>
  readonly p50: number
  readonly p99: number
  readonly longest: number
}

/** Does something `rate` times a second for so many `seconds`. */
export async function paced(
  rate: number,
  seconds: number,
  deed: (n: number) => Promise<number>,
): Promise<Told> {
  const took: number[] = []
  const statuses: Record<string, number> = {}
  const all = new Set<Promise<void>>()
  const offered = Math.round(rate * seconds)
  const began = performance.now()
  for (let n = 0; n < offered; n++) {
    const due = began + (n * 1_000) / rate
    const early = due - performance.now()
    if (early > 0) await pause(early)
    const done = deed(n).then((status) => {
      took.push(performance.now() - due)
      statuses[status] = (statuses[status] ?? 0) + 1
      all.delete(done)
    })
    all.add(done)
  }
  await Promise.all(all)
  const sorted = took.toSorted((a, b) => a - b)
  const at = (part: number) => Math.round((sorted[Math.floor(sorted.length * part)] ?? 0) * 10) / 10
  return { offered, statuses, p50: at(0.5), p99: at(0.99), longest: at(1 - 1 / (offered + 1)) }
}
