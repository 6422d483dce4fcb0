/**
 * The client against the real gate: what signs out and what does not, and calls of the host's own.
 *
 * @module
 */
import { expect, onTestFinished, test, vi } from 'vitest'
import { type Client, createClient } from '../src/client/client.ts'
import { createTestSallyport, type TestOptions } from '../src/testing/testing.ts'

const users = { ada: 'owner', bob: 'member' } as const

/** The host: says who is calling, and what was sent. */
const app: NonNullable<TestOptions['app']> = async (request, gate) => {
  const caller = await gate.callerOf(request)
  if (!caller.ok) return caller.response
  if (new URL(request.url).pathname === '/teapot')
    return Response.json({ code: 'teapot', status: 418, title: 'short and stout' }, { status: 418 })
  return Response.json({ who: caller.user.username, sent: await request.text() })
}

async function opened(settings: TestOptions['settings'] = {}) {
  const kit = await createTestSallyport({ users, app, settings })
  onTestFinished(kit.close)
  return kit
}

async function signedIn(kit: Awaited<ReturnType<typeof opened>>, who = 'bob') {
  const browser = await kit.as(who)
  const client = browser.client()
  onTestFinished(client.close)
  await client.check()
  expect(client.session.get().status).toBe('authenticated')
  return { browser, client }
}

const idOf = (client: Client) => {
  const now = client.session.get()
  return now.status === 'authenticated' ? now.session.id : undefined
}
const [newPassword, wrong] = ['seven stones above the river', 'seven stones above the brook']

test('a wrong current password signs nobody out; the right one goes on in a new session', async () => {
  const kit = await opened()
  const [{ client }, { client: other }] = [await signedIn(kit), await signedIn(kit)]
  const before = client.session.get()
  for (const ask of [
    () => client.changePassword({ currentPassword: wrong, newPassword }),
    () => client.stepUp(wrong),
  ])
    await expect(ask()).rejects.toMatchObject({ status: 422, code: 'wrong_password' })
  expect(client.session.get()).toBe(before)

  const { until } = await client.stepUp(kit.password)
  expect(Date.parse(until)).toBe(kit.now() + 10 * 60_000)
  const id = idOf(client)
  await client.changePassword({ currentPassword: kit.password, newPassword })
  expect(idOf(client)).toBeDefined()
  expect(idOf(client)).not.toBe(id)
  await other.check()
  expect(other.session.get()).toEqual({ status: 'unauthenticated', reason: 'password_changed' })
  await client.check()
  expect(client.session.get().status).toBe('authenticated')
})

test('a password can be changed with a token that has to be renewed first', async () => {
  const kit = await opened()
  const { client } = await signedIn(kit)
  kit.advance('6m')
  await client.changePassword({ currentPassword: kit.password, newPassword })
  expect(client.session.get().status).toBe('authenticated')
})

test('sessions end one by one and all at once; only the own end signs out', async () => {
  const kit = await opened()
  const [{ client }, { client: two }, { client: three }] = [
    await signedIn(kit),
    await signedIn(kit),
    await signedIn(kit),
  ]
  await client.endSession(idOf(two) ?? '')
  expect(client.session.get().status).toBe('authenticated')
  await two.check()
  expect(two.session.get()).toEqual({ status: 'unauthenticated', reason: 'revoked' })
  expect(await client.endOtherSessions()).toEqual({ revoked: 1 })
  await three.check()
  expect(three.session.get()).toEqual({ status: 'unauthenticated', reason: 'revoked' })

  kit.advance('6m')
  await client.endSession(idOf(client) ?? '')
  expect(client.session.get()).toEqual({ status: 'unauthenticated', reason: 'logout' })
  await expect(client.endSession('x'.repeat(22))).rejects.toMatchObject({ status: 401 })
})

test('an own session that could not be ended is not said to be', async () => {
  const kit = await opened()
  const browser = await kit.as('bob')
  let away = false
  const client = createClient({
    baseUrl: `${kit.gate.publicOrigin}/api/v1`,
    fetch: (...ask) => (away ? Promise.reject(new TypeError('no network')) : browser.fetch(...ask)),
  })
  onTestFinished(client.close)
  await client.check()
  away = true
  await expect(client.endSession(idOf(client) ?? '')).rejects.toMatchObject({ kind: 'network' })
  expect(client.session.get().status).toBe('authenticated')
})

test('a call of the host’s own carries the token and is answered as it came', async () => {
  const kit = await opened()
  const { client } = await signedIn(kit)
  const url = `${kit.gate.publicOrigin}/things`
  const body = '{"a":1}'
  const answer = await client.fetch(url, { method: 'POST', body })
  expect([answer.status, await answer.json()]).toEqual([200, { who: 'bob', sent: body }])

  const refused = await client.fetch(`${kit.gate.publicOrigin}/teapot`)
  expect([refused.status, (await refused.json()).code]).toEqual([418, 'teapot'])
  expect(client.session.get().status).toBe('authenticated')
})

test.each([
  ['text', () => ({ body: 'half a megabyte?' })],
  ['a form', () => ({ body: new URLSearchParams({ a: '1' }) })],
])('renewed on the way, %s is sent again whole', async (_, made) => {
  const kit = await opened()
  const { client } = await signedIn(kit)
  const url = `${kit.gate.publicOrigin}/things`
  for (const ask of [
    () => client.fetch(url, { method: 'POST', ...made() }),
    () => client.fetch(new Request(url, { method: 'PUT', ...made() })),
  ]) {
    kit.advance('6m')
    const answer = await ask()
    expect(await answer.json()).toEqual({ who: 'bob', sent: String(made().body) })
  }
})

test('a call of the host’s own learns that the session is over, and why', async () => {
  const kit = await opened()
  const [{ client }, { client: other }] = [await signedIn(kit), await signedIn(kit)]
  await other.endOtherSessions()
  const answer = await client.fetch(`${kit.gate.publicOrigin}/things`)
  expect(answer.status).toBe(401)
  expect(client.session.get()).toEqual({ status: 'unauthenticated', reason: 'revoked' })
})

test('a token that was rejected is fetched once, and the call made again', async () => {
  const kit = await opened()
  const browser = await kit.as('bob')
  const sent: (string | null)[] = []
  const client = createClient({
    baseUrl: `${kit.gate.publicOrigin}/api/v1`,
    fetch: (url, init) => {
      const headers = new Headers(init?.headers)
      if (init?.method === 'POST') sent.push(headers.get('x-csrf-token'))
      // Without a page around it the client finds no cookie, and this browser adds none of its own.
      if (!headers.has('x-csrf-token')) headers.set('x-csrf-token', '')
      return browser.fetch(String(url), { ...init, headers })
    },
  })
  onTestFinished(client.close)
  const answer = await client.fetch(`${kit.gate.publicOrigin}/things`, { method: 'POST' })
  expect([answer.status, sent.length, sent[0]]).toEqual([200, 2, null])
  expect(sent[1]).toMatch(/./)
})

test('another origin is asked plainly: no token, no cookies, nothing learnt', async () => {
  const asked = vi.fn(async () =>
    Response.json({ code: 'session_revoked', status: 401 }, { status: 401 }),
  )
  const client = createClient({ fetch: asked, initial: null })
  onTestFinished(client.close)
  const init = { method: 'POST', body: 'x' }
  const answer = await client.fetch('https://other.example/things', init)
  expect(answer.status).toBe(401)
  expect(asked).toHaveBeenCalledExactlyOnceWith('https://other.example/things', init)
  expect(client.session.get()).toEqual({ status: 'unauthenticated' })
})

test('no answer is told as the browser tells it, and giving up as it was given up', async () => {
  const gone = new TypeError('fetch failed')
  const client = createClient({ fetch: () => Promise.reject(gone) })
  onTestFinished(client.close)
  await expect(client.fetch('/things')).rejects.toBe(gone)
  await vi.waitFor(() => expect(client.session.get().error).toBeDefined())
  const signal = AbortSignal.abort('left the page')
  const leaving = createClient({ fetch: () => Promise.reject(signal.reason) })
  await expect(leaving.fetch('/things', { signal })).rejects.toBe('left the page')
})

test('a page that a server drew begins with what the server knew, and asks all the same', async () => {
  const kit = await opened()
  const { browser, client } = await signedIn(kit)
  const known = client.session.get()
  if (known.status !== 'authenticated') throw new Error('not signed in')
  const { status: _, ...signed } = known
  const drawn = createClient({
    baseUrl: `${kit.gate.publicOrigin}/api/v1`,
    fetch: browser.fetch,
    initial: signed,
  })
  onTestFinished(drawn.close)
  expect(drawn.session.get()).toEqual(known)
  expect(drawn.session.initial).toBe(drawn.session.get())
  await client.signOut()
  await drawn.check()
  expect(drawn.session.get().status).toBe('unauthenticated')
  expect(createClient({ initial: null }).session.get()).toEqual({ status: 'unauthenticated' })
})

test('streaming: the host’s own events, with the token, and a refusal as a refusal', async () => {
  const told = 'event: step\ndata: 1\n\nevent: done\ndata: {"ok":true}\n\n'
  const kit = await createTestSallyport({
    users,
    app: async (request, gate) => {
      const caller = await gate.callerOf(request)
      if (!caller.ok) return caller.response
      return new Response(told, { headers: { 'content-type': 'text/event-stream' } })
    },
  })
  onTestFinished(kit.close)
  const { client } = await signedIn(kit)
  const url = `${kit.gate.publicOrigin}/pull`
  kit.advance('6m')
  const events = await Array.fromAsync(client.stream(url, { body: {}, until: 'done' }))
  expect(events.map(({ event, data }) => [event, data])).toEqual([
    ['step', 1],
    ['done', { ok: true }],
  ])
  await client.signOut()
  await expect(Array.fromAsync(client.stream(url))).rejects.toMatchObject({
    code: 'not_authenticated',
  })
})
