/** What goes out with a call, and what every kind of answer or silence becomes. */

import { afterEach, describe, expect, test, vi } from 'vitest'
import { ProblemError, UnreachableError } from './errors.ts'
import { createTransport } from './transport.ts'

type Answer = () => Response | Promise<Response>

function transport(...answers: Answer[]) {
  const sent: { url: string; init: RequestInit; headers: Headers }[] = []
  const fetch: typeof globalThis.fetch = async (url, init = {}) => {
    sent.push({ url: String(url), init, headers: new Headers(init.headers) })
    const answer = answers.shift()
    if (!answer) throw new TypeError('no more answers')
    return answer()
  }
  return { sent, ...createTransport({ baseUrl: '/api/v1', fetch, timeout: 50 }) }
}

const ok = (body: unknown) => () => Response.json(body)
const refuse = (status: number, code: string, more = {}) =>
  ok2({ title: code, detail: code, status, code, ...more }, status)
const ok2 = (body: unknown, status: number) => () =>
  Response.json(body, { status, headers: { 'content-type': 'application/problem+json' } })

afterEach(() => vi.unstubAllGlobals())

describe('what goes out', () => {
  test.each(['POST', 'PUT', 'PATCH', 'DELETE'] as const)(
    '%s carries the whole CSRF value, whatever is in it (R1.16)',
    async (m) => {
      vi.stubGlobal('document', { cookie: 'a=b; csrf=n.m=; xcsrf=no' })
      const { sent, call } = transport(ok({}))
      await call(m, '/x', { body: { a: 1 } })
      expect(sent[0]?.url).toBe('/api/v1/x')
      expect(sent[0]?.init).toMatchObject({ method: m, credentials: 'include', body: '{"a":1}' })
      expect(sent[0]?.headers.get('x-csrf-token')).toBe('n.m=')
      expect(sent[0]?.headers.get('content-type')).toBe('application/json')
    },
  )

  test('GET carries none, and no type without a body', async () => {
    vi.stubGlobal('document', { cookie: 'csrf=x' })
    const { sent, call } = transport(ok({}))
    await call('GET', '/x', { passive: true })
    expect(sent[0]?.headers.has('x-csrf-token')).toBe(false)
    expect(sent[0]?.headers.has('content-type')).toBe(false)
    expect(sent[0]?.headers.get('x-sallyport-passive')).toBe('1')
  })

  test.each([
    ['csrf=plain; __Host-csrf=host', 'host'],
    ['csrf=plain; __Secure-csrf=secure', 'secure'],
    ['other=1;csrf=tight;more=2', 'tight'],
    ['other=1;  csrf=wide  ;more=2', 'wide'],
    ['other=%; csrf=%zz%', '%zz%'],
    ['other=1', null],
    ['csrf', null],
    ['', null],
  ])(
    'of %s it sends %s, and no header at all for nothing (R2.6, R5.8, P13)',
    async (cookie, token) => {
      vi.stubGlobal('document', { cookie })
      const { sent, call } = transport(ok({}))
      await call('POST', '/x')
      expect(sent[0]?.headers.get('x-csrf-token')).toBe(token)
    },
  )
})

test('the CSRF cookie may have another name (R6.2)', async () => {
  vi.stubGlobal('document', { cookie: 'csrf=no; __Host-token=yes; token=neither' })
  const sent: Headers[] = []
  const fetch: typeof globalThis.fetch = async (_, init) => {
    sent.push(new Headers(init?.headers))
    return Response.json({})
  }
  const { call } = createTransport({ baseUrl: '', fetch, timeout: 50, csrfCookie: 'token' })
  await call('POST', '/x')
  expect(sent.map((headers) => headers.get('x-csrf-token'))).toEqual(['yes'])
})

describe('csrf_rejected', () => {
  test('is mended once with a fresh token', async () => {
    const { sent, call } = transport(
      refuse(403, 'csrf_rejected'),
      ok({ token: 'new' }),
      ok({ a: 1 }),
    )
    expect(await call('POST', '/x')).toEqual({ a: 1 })
    expect(sent.map(({ url }) => url)).toEqual(['/api/v1/x', '/api/v1/auth/csrf', '/api/v1/x'])
    expect(sent[2]?.headers.get('x-csrf-token')).toBe('new')
  })

  test('a token that cannot be read from a cookie is asked for once, and kept', async () => {
    vi.stubGlobal('document', { cookie: '' })
    const { sent, call } = transport(
      refuse(403, 'csrf_rejected'),
      ok({ token: 'given' }),
      ok({}),
      ok({}),
    )
    await call('POST', '/x')
    await call('POST', '/y')
    expect(sent.map(({ url }) => url).slice(2)).toEqual(['/api/v1/x', '/api/v1/y'])
    expect(sent[3]?.headers.get('x-csrf-token')).toBe('given')
  })

  test('twice is told', async () => {
    const no = refuse(403, 'csrf_rejected')
    const { sent, call } = transport(no, ok({ token: 'new' }), no)
    await expect(call('POST', '/x')).rejects.toMatchObject({ code: 'csrf_rejected' })
    expect(sent).toHaveLength(3)
  })

  test('without a token to be had is told as it was', async () => {
    const { sent, call } = transport(refuse(403, 'csrf_rejected'), refuse(401, 'not_authenticated'))
    await expect(call('POST', '/x')).rejects.toMatchObject({ code: 'csrf_rejected' })
    expect(sent).toHaveLength(2)
  })
})

describe('what comes back', () => {
  test('nothing is undefined', async () => {
    const { call } = transport(() => new Response(null, { status: 204 }))
    expect(await call('POST', '/x')).toBeUndefined()
  })

  test('a problem is a ProblemError', async () => {
    const fields = [{ name: 'password', code: 'too_short', detail: 'Too short.' }]
    const { call } = transport(refuse(422, 'validation_failed', { fields, retryAfter: 3 }))
    const error = await call('POST', '/x').catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(ProblemError)
    expect(error).toMatchObject({ code: 'validation_failed', status: 422, retryAfter: 3, fields })
  })

  test.each([
    ['a page of a proxy', () => new Response('<h1>Bad gateway</h1>', { status: 502 })],
    ['a 401 that is not ours', () => new Response('', { status: 401 })],
    ['a page in place of an answer', () => new Response('<h1>Hotel Wi-Fi</h1>')],
    ['JSON that is no problem', () => Response.json({ error: 'x' }, { status: 500 })],
  ])('%s is no answer', async (_, answer) => {
    const { call } = transport(answer)
    const error = await call('GET', '/x').catch((caught: unknown) => caught)
    expect(error).toBeInstanceOf(UnreachableError)
    expect(error).toMatchObject({ kind: 'foreign' })
  })

  test('a network failure is told as one', async () => {
    const { call } = transport()
    await expect(call('GET', '/x')).rejects.toMatchObject({ kind: 'network' })
  })

  test('silence ends at the limit', async () => {
    const fetch: typeof globalThis.fetch = (_, init) =>
      new Promise((_resolve, reject) => {
        init?.signal?.addEventListener('abort', () => reject(init.signal?.reason))
      })
    const { call } = createTransport({ baseUrl: '', fetch, timeout: 20 })
    await expect(call('GET', '/x')).rejects.toMatchObject({ kind: 'timeout' })
  })

  test('a call given up by its caller rejects with his reason', async () => {
    const { call } = transport(() => Promise.reject(new DOMException('gone', 'AbortError')))
    const given = AbortSignal.abort('left the page')
    await expect(call('GET', '/x', { signal: given })).rejects.toBe('left the page')
  })
})
