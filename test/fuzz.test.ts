/**
 * F8: what is bent byte by byte, or put together of what parsers trip over: nothing is let in, nothing
 * is a fault, nothing takes long, and memory stays as it was.
 *
 * @module
 */
import { createHash } from 'node:crypto'
import { isIP } from 'node:net'
import { expect, test, vi } from 'vitest'
import { addressOf, trustedProxies } from '../src/http/address.ts'
import { readMessage } from '../src/rules/message.ts'
import { reported } from './campaigns/report.ts'
import { openTestGate, origin } from './gate/gate.ts'
import { password, visitor } from './gate/visitor.ts'

// Bodies that happen to be well formed are a guess each: passwords are not the subject.
vi.mock('../src/system/hash-queue.ts', () => ({
  hashQueue: () => ({
    run: async ({ secret, salt }: { secret: Buffer; salt: Buffer }) => ({
      ok: true,
      value: createHash('sha256').update(secret).update(salt).digest(),
    }),
    admit: () => ({ ok: true, value: () => {} }),
    state: () => ({ evaluated: 0, waiting: 0 }),
    close: async () => {},
  }),
}))

const campaign = process.env.CAMPAIGN !== undefined
/** The size in the campaign, or as many times that as `SIZE` says; the suite does a two-hundredth. */
const size = (inputs: number) => inputs * (campaign ? Number(process.env.SIZE ?? 1) : 1 / 200)
const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 2 ** 31))

/** Numbers that look random and come again with their seed. @returns Below `n`. */
function chance(from: number): (n: number) => number {
  let state = from
  return (n) => {
    state = (state + 0x6d2b79f5) | 0
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state)
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed
    return ((mixed ^ (mixed >>> 14)) >>> 0) % n
  }
}
const below = chance(seed)
const any = <T>(some: readonly T[]): T => some[below(some.length)] as T

/** What parsers are known to trip over. */
const pieces = [
  ...['', ' ', '.', '..', '/', '\\', '%', '%00', '%2e%2e%2f', '%c0%ae', ';', ',', '=', '"', "'"],
  ...['{', '}', '[', ']', ':', 'null', 'true', '1e999', '-0', '__proto__', 'constructor', '\u00ad'],
  ...['none', 'HS512', 'eyJhbGciOiJub25lIn0', 'AAAA', '__Host-session=', '__Host-csrf=', '$ne'],
  ...['127.0.0.1', '::1', '[::1]', '0x7f.1', '::ffff:10.0.0.1', 'unknown', '999.1.1.1', '\u00ff'],
  ...['\\u0000', '\\ud800', '[[[[[[[[', '#', '?', '&', '@', '*', '~', 'A'.repeat(300)],
] as const

/** One to four changes anywhere. */
function bent(text: string): string {
  let out = text
  for (let changes = 1 + below(4); changes > 0; changes--) {
    const at = below(out.length + 1)
    const other = below(out.length + 1)
    const [from, to] = [Math.min(at, other), Math.max(at, other)]
    out = any([
      () => out.slice(0, at) + String.fromCharCode(32 + below(224)) + out.slice(at + 1),
      () => out.slice(0, at) + any(pieces) + out.slice(at),
      () => out.slice(0, at) + out.slice(at + 1 + below(8)),
      () => out.slice(0, to) + out.slice(from),
      () => out.slice(0, at),
      () => out.slice(from, to) + out.slice(0, from) + out.slice(to),
    ])()
    if (out.length > 6_000) out = out.slice(0, 6_000)
  }
  return out
}

interface Family {
  readonly inputs: number
  readonly from: readonly string[]
  /** Sends it. @returns What is wrong with what came of it; nothing when it cannot be sent at all. */
  readonly send: (input: string) => Promise<readonly string[] | undefined>
}

async function fuzz(name: string, { inputs, from, send }: Family): Promise<void> {
  const violations: string[] = []
  const before = process.memoryUsage().rss
  const began = performance.now()
  let [done, slowest] = [0, 0]
  while (done < size(inputs)) {
    const input = bent(any(from))
    if (from.includes(input)) continue
    const sent = performance.now()
    const wrong = await send(input)
    if (!wrong) continue
    done += 1
    let took = performance.now() - sent
    // Others have this machine too: what takes long takes long again.
    for (let n = 0; n < 3 && took > 100; n++) {
      const again = performance.now()
      await send(input)
      took = Math.min(took, performance.now() - again)
    }
    slowest = Math.max(slowest, took)
    const all = took > 100 ? [...wrong, `took ${took} ms`] : wrong
    for (const what of all) violations.push(`${name}: ${what}: ${JSON.stringify(input)}`)
    if (violations.length > 20) break
  }
  const grown = Math.round((process.memoryUsage().rss - before) / 2 ** 20)
  const seconds = Math.round((performance.now() - began) / 1_000)
  const counts = {
    inputs: done,
    seconds,
    'slowest ms': Math.round(slowest),
    'grown MiB': grown,
    seed,
  }
  reported(name, { counts, violations })
  expect(violations).toEqual([])
  expect(done).toBeGreaterThanOrEqual(size(inputs))
  expect(grown).toBeLessThan(300)
}

async function opened() {
  const open = await openTestGate('sqlite', {
    trustProxy: ['127.0.0.1'],
    lockout: { threshold: 100, perAddress: 100_000 },
  })
  const ada = visitor(open.gate)
  await ada.setUp()
  const token = ada.jar.get('__Host-session') ?? ''
  const cookie = [...ada.jar].map((pair) => pair.join('=')).join('; ')
  /** @returns The status; nothing for what no client could send. */
  const ask = async (path: string, init: RequestInit): Promise<number | undefined> => {
    let request: Request
    try {
      request = new Request(`${origin}/api/v1${path}`, init)
    } catch {
      return undefined
    }
    const { status, body } = await open.gate.handlePlain(request, { address: '127.0.0.1' })
    if (body instanceof ReadableStream) await body.cancel()
    return status
  }
  expect(await ask('/auth/me', { headers: { Cookie: cookie } })).toBe(200)
  return { ...open, ada, token, cookie, ask }
}

const never = (status: number | undefined, isIn: boolean) =>
  status === undefined
    ? undefined
    : [...(status >= 500 ? [`answered ${status}`] : []), ...(isIn ? ['let in'] : [])]

const timeout = campaign ? 1_200_000 : 60_000

test('F8: access tokens', { timeout }, async () => {
  const { token, ask } = await opened()
  await fuzz('access tokens', {
    inputs: 1_000_000,
    from: [token],
    async send(input) {
      const status = await ask('/auth/me', { headers: { Cookie: `__Host-session=${input}` } })
      // Behind a semicolon stands another cookie; spaces around a value are none of it.
      const same = input.split(';').some((one) => one.trim() === token)
      return never(status, status === 200 && !same)
    },
  })
})

test('F8: cookies and headers', { timeout }, async () => {
  const { token, cookie, ask } = await opened()
  const names = ['Cookie', 'Authorization', 'Origin', 'Sec-Fetch-Site', 'X-CSRF-Token', 'Host']
  const from = [cookie, `Bearer ${token}`, 'https://app.example.test', 'same-origin', 'sp_a_b_c']
  await fuzz('cookies and headers', {
    inputs: 1_000_000,
    from,
    async send(input) {
      const name = any(names)
      const status = await ask('/auth/me', { headers: { [name]: input } })
      return never(status, status === 200 && !input.includes(`__Host-session=${token}`))
    },
  })
})

test('F8: bodies', { timeout }, async () => {
  const { ask } = await opened()
  const from = [
    JSON.stringify({ username: 'ada', password: 'not the one that it is', remember: false }),
    JSON.stringify({ username: 'grace', password: `${password}?`, remember: true }),
  ]
  const headers = {
    'Content-Type': 'application/json',
    Origin: origin,
    'Sec-Fetch-Site': 'same-origin',
  }
  await fuzz('bodies', {
    inputs: 500_000,
    from,
    async send(input) {
      const status = await ask('/auth/login', { method: 'POST', headers, body: input })
      return never(status, status === 200)
    },
  })
})

test('F8: paths', { timeout }, async () => {
  const { ask } = await opened()
  const open = /^\/(?:health|openapi\.json|auth\/(?:setup|csrf))/
  await fuzz('paths', {
    inputs: 200_000,
    from: ['/users', '/auth/me', '/auth/sessions?limit=50&cursor=abc', '/audit/export?type=auth'],
    async send(input) {
      if (!input.startsWith('/')) return undefined
      const status = await ask(input, {})
      const path = URL.parse(`${origin}/api/v1${input}`)?.pathname.slice('/api/v1'.length) ?? ''
      return never(status, status !== undefined && status < 300 && !open.test(path))
    },
  })
})

test('F8: X-Forwarded-For', { timeout }, async () => {
  const { ask } = await opened()
  const proxies = trustedProxies(['127.0.0.1', '10.0.0.0/8'])
  if (!proxies.ok) throw new Error('no proxies')
  await fuzz('X-Forwarded-For', {
    inputs: 200_000,
    from: ['203.0.113.9, 10.0.0.1', '2001:db8::1', '198.51.100.7, 203.0.113.9, 127.0.0.1'],
    async send(input) {
      const status = await ask('/auth/me', { headers: { 'X-Forwarded-For': input } })
      const address = addressOf({ peer: '127.0.0.1', forwardedFor: input }, proxies.trusted)
      const strange = isIP(address) === 0 ? [`address ${address}`] : []
      const wrong = never(status, status === 200)
      return wrong && [...wrong, ...strange]
    },
  })
})

test('F8: messages of sockets', { timeout }, async () => {
  await fuzz('messages of sockets', {
    inputs: 200_000,
    from: [
      JSON.stringify({ action: 'subscribe', channels: ['user:me', 'sessions'] }),
      JSON.stringify({ action: 'unsubscribe', channels: ['audit'] }),
      JSON.stringify({ action: 'ping' }),
    ],
    async send(input) {
      try {
        readMessage(input)
        return []
      } catch (error) {
        return [String(error)]
      }
    },
  })
})
