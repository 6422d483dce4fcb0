/**
 * The other end of a sign-in flood, a process of its own: guesses as fast as they are refused, or checks offered
 * at a steady pace, each timed from when it was due.
 *
 * @module
 */
import { Agent, request } from 'node:http'
import { setTimeout as pause } from 'node:timers/promises'

export interface Asked {
  readonly id: number
  readonly kind: 'guesses' | 'paced'
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly seconds: number
  /** Guesses at once; or checks offered a second. */
  readonly many: number
  /** The body of a guess; `NAME` becomes one nobody has guessed at before. */
  readonly body?: string
}

export interface Guessed {
  readonly rate: number
  readonly refusedOtherwise: number
}

export interface Paced {
  readonly offered: number
  readonly answered: number
  /** Milliseconds. */
  readonly p50: number
  readonly p99: number
}

/** Milliseconds. */
const patience = 10_000

const agent = new Agent({ keepAlive: true })
let guessed = 0

function send(asked: Asked, headers: Record<string, string>, body?: string): Promise<number> {
  return new Promise((resolve) => {
    const method = body === undefined ? 'GET' : 'POST'
    const sent = request(asked.url, { method, agent, headers: { ...asked.headers, ...headers } })
    sent.on('error', () => resolve(0))
    sent.on('response', (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
    sent.end(body)
  })
}

async function guesses(asked: Asked): Promise<Guessed> {
  const began = performance.now()
  let [refused, refusedOtherwise] = [0, 0]
  await Promise.all(
    Array.from({ length: asked.many }, async () => {
      while (performance.now() < began + asked.seconds * 1_000) {
        const n = ++guessed
        const body = (asked.body ?? '').replace('NAME', `nobody${process.pid}x${n}`)
        // Each from an address of its own, as through a proxy.
        const from = `10.${(n >> 16) % 256}.${(n >> 8) % 256}.${n % 256}`
        const status = await send(asked, { 'X-Forwarded-For': from }, body)
        if (status === 401) refused += 1
        else refusedOtherwise += 1
      }
    }),
  )
  return { rate: refused / ((performance.now() - began) / 1_000), refusedOtherwise }
}

async function paced(asked: Asked): Promise<Paced> {
  const took: number[] = []
  const all: Promise<unknown>[] = []
  const began = performance.now()
  const offered = asked.many * asked.seconds
  for (let n = 0; n < offered; n++) {
    const due = began + (n * 1_000) / asked.many
    const early = due - performance.now()
    if (early > 0) await pause(early)
    const answered = send(asked, {}).then((status) => {
      if (status === 200) took.push(performance.now() - due)
    })
    all.push(answered)
  }
  // Whoever waits longer than this has gone away.
  await Promise.race([Promise.all(all), pause(patience)])
  // Whoever was not answered waited for as long as anybody did.
  const unanswered = Array.from({ length: offered - took.length }, () => patience)
  const sorted = [...took, ...unanswered].toSorted((a, b) => a - b)
  const at = (part: number) => sorted[Math.floor(sorted.length * part)] ?? patience
  return { offered, answered: took.length, p50: at(0.5), p99: at(0.99) }
}

// It lives for what it is asked.
process.channel?.ref()
process.on('message', async (asked: Asked) => {
  if (asked.kind !== 'guesses' && asked.kind !== 'paced') return
  const value = asked.kind === 'guesses' ? await guesses(asked) : await paced(asked)
  process.send?.({ id: asked.id, value })
})
