/** The session as the client tells it: who signs out, who never does, and that tabs agree. */

import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Signed } from '../wire.ts'
import { type Client, createClient } from './client.ts'

const hour = 3_600_000

function signed(id = 's1'): Signed {
  const at = (ms: number) => new Date(Date.now() + ms).toISOString()
  const user = {
    id: 'u1',
    username: 'ada',
    displayName: null,
    role: 'owner',
    scopes: [],
    disabled: false,
    mustChangePassword: false,
    createdAt: at(-hour),
    lastLoginAt: null,
  }
  const device = { browser: 'Chromium', os: 'Linux', kind: 'desktop', userAgent: '' } as const
  const session = {
    id,
    userId: 'u1',
    username: 'ada',
    current: true,
    device,
    address: '127.0.0.1',
    createdAt: at(-hour),
    lastActiveAt: at(0),
    idleUntil: at(hour / 4),
    expiresAt: at(hour),
    remembered: false,
  }
  return { user, session, permissions: [], mustChangePassword: false }
}

type Answer = () => Response | Promise<Response>
const ok =
  (body: unknown): Answer =>
  () =>
    Response.json(body)
const no =
  (status: number, code: string, more = {}): Answer =>
  () =>
    Response.json({ title: code, detail: code, status, code, ...more }, { status })
const done: Answer = () => new Response(null, { status: 204 })
const away: Answer = () => Promise.reject(new TypeError('fetch failed'))

/** A server in one table, which the test changes while it runs. */
let server: Record<string, Answer>
let asked: string[]
let clients: Client[]

const fetch: typeof globalThis.fetch = async (url, init) => {
  const route = `${init?.method} ${String(url).replace('/api/v1', '')}`
  asked.push(route)
  return (server[route] ?? away)()
}

function client(): Client {
  const made = createClient({ fetch })
  clients.push(made)
  return made
}

const status = (of: Client) => of.session.get().status
const settled = () => vi.advanceTimersByTimeAsync(0)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout', 'Date'] })
  // What has to be renewed is over, unless a test says otherwise.
  server = { 'POST /auth/refresh': no(401, 'refresh_token_invalid') }
  asked = []
  clients = []
})

afterEach(() => {
  for (const made of clients) made.close()
  vi.useRealTimers()
  vi.unstubAllGlobals()
})

describe('start', () => {
  test('unknown, then authenticated', async () => {
    server['GET /auth/me'] = ok(signed())
    const one = client()
    expect(one.session.get()).toEqual({ status: 'unknown' })
    await one.check()
    expect(one.session.get()).toMatchObject({ status: 'authenticated', user: { username: 'ada' } })
  })

  test.each([
    ['not_authenticated', {}, undefined],
    ['session_expired', {}, 'expired'],
    ['session_revoked', { reason: 'evicted' }, 'evicted'],
  ])('%s is signed out', async (code, more, reason) => {
    server['GET /auth/me'] = no(401, code, more)
    const one = client()
    await one.check()
    const plain = { status: 'unauthenticated' }
    expect(one.session.get()).toEqual(reason ? { ...plain, reason } : plain)
  })

  test('two checks at once are one request', async () => {
    server['GET /auth/me'] = ok(signed())
    const one = client()
    await Promise.all([one.check(), one.check()])
    expect(asked).toEqual(['GET /auth/me'])
  })
})

describe('a session that has to be renewed', () => {
  const expired = no(401, 'session_expired')
  /** A server that knows nobody until it was asked to refresh. */
  function renewable() {
    server['GET /auth/me'] = expired
    server['POST /auth/refresh'] = () => {
      server['GET /auth/me'] = ok(signed())
      return Response.json(signed())
    }
  }

  test('at the start is renewed before anybody is said to be out', async () => {
    renewable()
    const one = client()
    const seen: string[] = []
    one.session.watch(() => seen.push(status(one)))
    await one.check()
    expect([status(one), seen]).toEqual(['authenticated', ['authenticated']])
    expect(asked).toEqual(['GET /auth/me', 'POST /auth/refresh', 'GET /auth/me'])
  })

  test('in the middle of it is renewed by any call', async () => {
    server['GET /auth/me'] = ok(signed())
    const one = client()
    await one.check()
    renewable()
    server['GET /auth/sessions'] = () => (server['GET /auth/me'] as Answer)()
    await expect(one.sessions()).resolves.toBeDefined()
    expect(status(one)).toBe('authenticated')
  })

  test('that cannot be renewed is over: expired', async () => {
    server['GET /auth/me'] = ok(signed())
    const one = client()
    await one.check()
    server['GET /auth/me'] = expired
    await one.check()
    expect(one.session.get()).toEqual({ status: 'unauthenticated', reason: 'expired' })
  })

  // Web Locks are handed over by the real clock, however busy the machine.
  const patiently = { timeout: 20_000, interval: 5 }
  test.each([
    ['away', away],
    ['503', no(503, 'unavailable', { retryAfter: 1 })],
    ['limited', no(429, 'rate_limited', { retryAfter: 1 })],
  ])('while the server cannot say (%s) is neither over nor forgotten', async (_, answer) => {
    server['GET /auth/me'] = ok(signed())
    const one = client()
    await one.check()
    server['GET /auth/me'] = expired
    server['POST /auth/refresh'] = answer
    const checked = one.check()
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(1000)
      expect(one.session.get().error).toBeDefined()
    }, patiently)
    await checked
    expect(one.session.get()).toMatchObject({ status: 'authenticated', session: { id: 's1' } })
    renewable()
    await vi.waitFor(async () => {
      await vi.advanceTimersByTimeAsync(1000)
      expect(one.session.get().error).toBeUndefined()
    }, patiently)
    expect(status(one)).toBe('authenticated')
  })
})

describe('a server that is away (R1.15, P14)', () => {
  test('leaves the state, adds the error, and is asked again after 1, 2, 4 s until it is back', async () => {
    const one = client()
    await one.check()
    expect(one.session.get()).toMatchObject({
      status: 'unknown',
      error: { kind: 'network' },
      retryAt: Date.now() + 1000,
    })
    await vi.advanceTimersByTimeAsync(1000 + 2000)
    expect(asked).toHaveLength(3)
    await vi.advanceTimersByTimeAsync(3999)
    expect(asked).toHaveLength(3)
    server['GET /auth/me'] = ok(signed())
    await vi.advanceTimersByTimeAsync(1)
    expect(status(one)).toBe('authenticated')
    expect(one.session.get().error).toBeUndefined()
  })

  test('is asked every 30 s at most, and no sooner than it said', async () => {
    const one = client()
    await one.check()
    await vi.advanceTimersByTimeAsync(120_000)
    expect(one.session.get().retryAt).toBeGreaterThan(Date.now())
    expect(one.session.get().retryAt).toBeLessThanOrEqual(Date.now() + 30_000)

    server['GET /auth/me'] = no(503, 'unavailable', { retryAfter: 90 })
    await one.check()
    expect(one.session.get().retryAt).toBe(Date.now() + 90_000)
  })

  test.each([
    ['away', away],
    ['503', no(503, 'unavailable', { retryAfter: 1 })],
    ['500', no(500, 'internal')],
    ['429', no(429, 'rate_limited', { retryAfter: 1 })],
    ['a proxy saying 401', () => new Response('who are you?', { status: 401 })],
  ])('%s signs nobody out', async (_, answer) => {
    server['GET /auth/me'] = ok(signed())
    const one = client()
    await one.check()
    server['GET /auth/me'] = answer
    await one.check()
    expect(one.session.get()).toMatchObject({ status: 'authenticated', session: { id: 's1' } })
    expect(one.session.get().error).toBeDefined()
  })

  test('is noticed by any call', async () => {
    server['GET /auth/me'] = ok(signed())
    const one = client()
    await one.check()
    server['GET /auth/me'] = away
    await expect(one.sessions()).rejects.toMatchObject({ kind: 'network' })
    await settled()
    expect(one.session.get().error).toBeDefined()
  })

  test('is asked at once when the network comes back', async () => {
    const page = new EventTarget()
    vi.stubGlobal('window', page)
    vi.stubGlobal('document', Object.assign(new EventTarget(), { cookie: '' }))
    const one = client()
    await one.check()
    server['GET /auth/me'] = ok(signed())
    page.dispatchEvent(new Event('online'))
    await settled()
    expect(status(one)).toBe('authenticated')
  })
})

test('sessions are asked for by page, and come as they were sent (P4)', async () => {
  const page = { items: [{ id: 's1' }], nextCursor: 'more' }
  server['GET /auth/sessions'] = ok(page)
  server['GET /auth/sessions?cursor=a%26b&limit=2'] = ok({ ...page, nextCursor: null })
  const one = client()
  expect(await one.sessions()).toEqual(page)
  expect(await one.sessions({ cursor: 'a&b', limit: 2 })).toEqual({ ...page, nextCursor: null })
})

describe('signing in and out', () => {
  test('in: the answer is the session (R4.16)', async () => {
    server['POST /auth/login'] = ok(signed())
    const one = client()
    await one.signIn({ username: 'ada', password: 'x' })
    expect(status(one)).toBe('authenticated')
  })

  test('a wrong password changes nothing', async () => {
    server['GET /auth/me'] = no(401, 'session_revoked', { reason: 'revoked' })
    server['POST /auth/login'] = no(401, 'invalid_credentials')
    const one = client()
    await one.check()
    const before = one.session.get()
    await expect(one.signIn({ username: 'ada', password: 'x' })).rejects.toMatchObject({
      code: 'invalid_credentials',
    })
    expect(one.session.get()).toBe(before)
  })

  test('an answer lost on its way is looked up', async () => {
    server['POST /auth/setup'] = away
    server['GET /auth/me'] = ok(signed())
    const one = client()
    const owner = { setupToken: 't', username: 'ada', password: 'x' }
    await expect(one.setUp(owner)).rejects.toMatchObject({ kind: 'network' })
    await settled()
    expect(status(one)).toBe('authenticated')
  })

  test.each([
    ['away', away],
    ['503', no(503, 'unavailable', { retryAfter: 1 })],
  ])('a sign-out that failed (%s) is told and does not pretend (R2.5)', async (_, answer) => {
    server['POST /auth/login'] = ok(signed())
    server['POST /auth/logout'] = answer
    const one = client()
    await one.signIn({ username: 'ada', password: 'x' })
    await expect(one.signOut()).rejects.toBeDefined()
    await settled()
    expect(status(one)).toBe('authenticated')
  })

  test('a sign-out of a session that is over already is one that worked', async () => {
    server['POST /auth/login'] = ok(signed())
    server['POST /auth/logout'] = no(401, 'session_expired')
    const one = client()
    await one.signIn({ username: 'ada', password: 'x' })
    await one.signOut()
    expect(status(one)).toBe('unauthenticated')
  })

  test('a 401 to any call signs out, with its reason', async () => {
    server['POST /auth/login'] = ok(signed())
    server['GET /auth/sessions?limit=2'] = no(401, 'session_revoked', { reason: 'revoked' })
    const one = client()
    await one.signIn({ username: 'ada', password: 'x' })
    await expect(one.sessions({ limit: 2 })).rejects.toMatchObject({ status: 401 })
    expect(one.session.get()).toEqual({ status: 'unauthenticated', reason: 'revoked' })
  })

  test('a late 401 of the session before does not end the new one', async () => {
    let answer: (response: Response) => void = () => {}
    server['POST /auth/login'] = ok(signed())
    server['GET /slow'] = () => new Promise((resolve) => (answer = resolve))
    const one = client()
    const slow = one.call('GET', '/slow').catch(() => {})
    await settled()
    await one.signIn({ username: 'ada', password: 'x' })
    answer(Response.json({ title: '', status: 401, code: 'session_revoked' }, { status: 401 }))
    await slow
    expect(status(one)).toBe('authenticated')
  })

  test('a late answer of before does not bring a signed-out session back', async () => {
    let answer: (response: Response) => void = () => {}
    server['POST /auth/login'] = ok(signed())
    server['POST /auth/logout'] = done
    server['GET /auth/me'] = () => new Promise((resolve) => (answer = resolve))
    const one = client()
    await one.signIn({ username: 'ada', password: 'x' })
    const late = one.check()
    await settled()
    await one.signOut()
    answer(Response.json(signed()))
    await late
    expect(status(one)).toBe('unauthenticated')
  })

  test('a session is asked after when it should be over', async () => {
    server['POST /auth/login'] = ok(signed())
    server['GET /auth/me'] = no(401, 'session_expired')
    const one = client()
    await one.signIn({ username: 'ada', password: 'x' })
    await vi.advanceTimersByTimeAsync(hour / 4 + 1000)
    expect(one.session.get()).toEqual({ status: 'unauthenticated', reason: 'expired' })
  })
})

describe('two tabs', () => {
  const channel = () => new BroadcastChannel('sallyport:/api/v1')

  async function twoSignedIn() {
    server['GET /auth/me'] = ok(signed())
    server['POST /auth/logout'] = done
    const tabs = [client(), client()] as const
    await Promise.all(tabs.map((tab) => tab.check()))
    return tabs
  }

  test('a sign-out in one reaches the other', async () => {
    const [one, two] = await twoSignedIn()
    await one.signOut()
    await vi.waitFor(() => expect(status(two)).toBe('unauthenticated'))
    expect(two.session.get()).toEqual({ status: 'unauthenticated', reason: 'logout' })
  })

  test('a sign-in in one reaches the other', async () => {
    server['GET /auth/me'] = no(401, 'not_authenticated')
    const [one, two] = [client(), client()]
    await Promise.all([one.check(), two.check()])
    server['GET /auth/me'] = ok(signed('s2'))
    server['POST /auth/login'] = ok(signed('s2'))
    await one.signIn({ username: 'ada', password: 'x' })
    await vi.waitFor(() => expect(status(two)).toBe('authenticated'))
  })

  test('the end of a session that is not the shown one is no concern', async () => {
    const [one, two] = await twoSignedIn()
    server['GET /auth/me'] = ok(signed('s2'))
    server['POST /auth/login'] = ok(signed('s2'))
    await two.signIn({ username: 'ada', password: 'x' })
    await vi.waitFor(() => expect(one.session.get()).toMatchObject({ session: { id: 's2' } }))
    const [stale, witness] = [channel(), channel()]
    const heard = new Promise((resolve) => (witness.onmessage = resolve))
    stale.postMessage({ kind: 'out', session: 's1', reason: 'logout' })
    await heard
    await new Promise((resolve) => setImmediate(resolve))
    stale.close()
    witness.close()
    expect(status(one)).toBe('authenticated')
    expect(status(two)).toBe('authenticated')
  })
})
