/**
 * axios attached to the client, against the real gate: what the client does for a call it does for
 * these, and to its user axios is as it was.
 *
 * @module
 */
import axios, { AxiosError } from 'axios'
import { expect, onTestFinished, test } from 'vitest'
import { attachSallyport } from '../src/client/axios.ts'
import { createTestSallyport } from '../src/testing/testing.ts'

async function attached() {
  const seen: Headers[] = []
  const kit = await createTestSallyport({
    users: { bob: 'member' },
    app: async (request, gate) => {
      seen.push(request.headers)
      const caller = await gate.callerOf(request)
      if (!caller.ok) return caller.response
      const { username } = caller.user
      return Response.json({ who: username, sent: await request.text() }, { status: 201 })
    },
  })
  onTestFinished(kit.close)
  const browser = await kit.as('bob')
  const client = browser.client()
  onTestFinished(client.close)
  await client.check()
  const baseURL = `${kit.gate.publicOrigin}/things`
  const api = attachSallyport(axios.create({ baseURL, headers: { 'X-Mine': 'kept' } }), client)
  return { kit, client, api, seen }
}

test.each(['post', 'put', 'patch', 'delete'] as const)(
  '%s goes through the gates',
  async (method) => {
    const { api, seen } = await attached()
    const { status, data } = await api.request({ url: '/1', method, data: { a: 1 } })
    expect([status, data]).toEqual([201, { who: 'bob', sent: '{"a":1}' }])
    expect(seen.at(-1)?.get('x-csrf-token')).toMatch(/./)
    expect(seen.at(-1)?.get('x-mine')).toBe('kept')
  },
)

test('a token that is over is renewed, and what was sent is sent again whole', async () => {
  const { kit, api, seen } = await attached()
  kit.advance('6m')
  const { data } = await api.post('/1', { a: 1 })
  expect(data).toEqual({ who: 'bob', sent: '{"a":1}' })
  expect(seen).toHaveLength(2)
})

test('a refusal is axios’s own error, with the problem in it; a 401 signs out', async () => {
  const { kit, client, api } = await attached()
  const other = await kit.as('bob')
  await other.fetch('/api/v1/auth/sessions/revoke-others', { method: 'POST' })
  const error = await api.get('/1').catch((caught: unknown) => caught)
  expect(error).toBeInstanceOf(AxiosError)
  expect(error).toMatchObject({ response: { status: 401, data: { code: 'session_revoked' } } })
  expect(client.session.get()).toEqual({ status: 'unauthenticated', reason: 'revoked' })
})

test('what its user gives up is given up', async () => {
  const { api } = await attached()
  const signal = AbortSignal.abort()
  await expect(api.get('/1', { signal })).rejects.toMatchObject({ code: 'ERR_CANCELED' })
})

test('other instances are left as they are', async () => {
  await attached()
  expect(axios.defaults.adapter).not.toBe('fetch')
  expect(axios.create().defaults.env?.fetch).toBeUndefined()
})
