/**
 * The other end of the line, a process of its own: asks as fast as it is answered, for a given time.
 *
 * @module
 */
import { Agent, request } from 'node:http'
import autocannon from 'autocannon'

export interface Loaded {
  readonly requests: number
  /** Seconds. */
  readonly took: number
  /** Answers other than 2xx, and none at all. */
  readonly failed: number
}

/** One kind of load; `seconds` long. */
export type Load =
  | {
      readonly kind: 'get'
      readonly url: string
      readonly headers: Readonly<Record<string, string>>
      /** Sent by POST; without it it is a GET. */
      readonly body?: string
      readonly connections: number
      readonly seconds: number
    }
  | {
      readonly kind: 'sign-in'
      readonly origin: string
      readonly people: readonly string[]
      readonly password: string
      readonly seconds: number
    }

async function get(load: Load & { kind: 'get' }): Promise<Loaded> {
  const { url, headers, body, connections, seconds } = load
  const posted = body === undefined ? {} : { method: 'POST' as const, body }
  const done = await autocannon({ url, connections, duration: seconds, headers, ...posted })
  return { requests: done['2xx'], took: done.duration, failed: done.non2xx + done.errors }
}

/** Each person from an address of their own, as through a proxy: one address has a share only. */
async function signIn(load: Load & { kind: 'sign-in' }): Promise<Loaded> {
  const { origin, people, password, seconds } = load
  const agent = new Agent({ keepAlive: true })
  const began = performance.now()
  const until = began + seconds * 1_000
  let [requests, failed] = [0, 0]
  await Promise.all(
    people.map(async (username, at) => {
      const body = JSON.stringify({ username, password })
      while (performance.now() < until) {
        const status = await post(agent, origin, body, `198.51.100.${at + 1}`)
        if (status === 200) requests += 1
        else failed += 1
      }
    }),
  )
  agent.destroy()
  return { requests, failed, took: (performance.now() - began) / 1_000 }
}

function post(agent: Agent, origin: string, body: string, from: string): Promise<number> {
  return new Promise((resolve) => {
    const sent = request(`${origin}/api/v1/auth/login`, {
      method: 'POST',
      agent,
      headers: {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(body),
        Origin: origin,
        'X-Forwarded-For': from,
      },
    })
    sent.on('error', () => resolve(0))
    sent.on('response', (response) => {
      response.resume().on('end', () => resolve(response.statusCode ?? 0))
    })
    sent.end(body)
  })
}

// It lives for what it is asked.
process.channel?.ref()
process.on('message', async (message: Load & { id: number }) => {
  if (message.kind !== 'get' && message.kind !== 'sign-in') return
  const value = message.kind === 'get' ? await get(message) : await signIn(message)
  process.send?.({ id: message.id, value })
})
