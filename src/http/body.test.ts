/** Bodies: type, size and text, each refused for its own reason and as early as can be. */
import { describe, expect, test } from 'vitest'
import { readJson, readNothing } from './body.ts'

const post = (body: BodyInit | null, headers: Record<string, string> = {}) =>
  new Request('http://localhost/', {
    method: 'POST',
    body,
    headers,
    ...(body instanceof ReadableStream ? { duplex: 'half' as const } : {}),
  })

const json = (body: BodyInit | null, headers: Record<string, string> = {}) =>
  post(body, { 'content-type': 'application/json', ...headers })

const utf8 = (text: string) => new TextEncoder().encode(text)

/** `{"a":"…"}` of exactly `bytes`. */
const sized = (bytes: number) => `{"a":"${'x'.repeat(bytes - 8)}"}`

describe('the type', () => {
  test.each([
    'application/json',
    'Application/JSON',
    'application/json;charset=utf-8',
    'application/json; charset=UTF-8',
    'application/json ;\t Charset="utf-8"',
    'application/json;',
  ])('%s is taken', async (type) => {
    expect(await readJson(json('{"a":1}', { 'content-type': type }))).toEqual({
      ok: true,
      value: { a: 1 },
    })
  })

  test.each([
    '',
    'text/plain',
    'application/jsonp',
    'application/json-seq',
    'application/vnd.api+json',
    'application/x-www-form-urlencoded',
    'text/plain; application/json',
    'application/json, text/plain',
    'application/json; charset=latin1',
    'application/json; charset=utf-8; x=y',
    'application/json; charset="utf-8',
    'application/json charset=utf-8',
    'application/json; boundary=x',
    `application/json${'; '.repeat(10_000)}x`,
  ])('%.60s is not', async (type) => {
    expect(await readJson(json('{}', { 'content-type': type }))).toMatchObject({
      code: 'unsupported_media_type',
    })
  })

  test.each([
    ['identity', true],
    ['gzip', false],
    ['br', false],
    ['deflate', false],
    ['identity, gzip', false],
    ['unheard-of', false],
  ])('encoding %s: %s', async (encoding, ok) => {
    const read = await readJson(json('{}', { 'content-encoding': encoding }))
    expect(read.ok || read.code).toBe(ok || 'unsupported_media_type')
  })
})

describe('the size', () => {
  test('64 KB is taken, a byte more is not', async () => {
    expect(await readJson(json(sized(65_536)))).toMatchObject({ ok: true })
    expect(await readJson(json(sized(65_537)))).toMatchObject({ code: 'payload_too_large' })
  })

  test('a length too large is refused without a byte being read', async () => {
    let pulled = 0
    const body = new ReadableStream(
      {
        pull() {
          pulled++
        },
      },
      { highWaterMark: 0 },
    )
    expect(await readJson(json(body, { 'content-length': '65537' }))).toMatchObject({
      code: 'payload_too_large',
    })
    expect(pulled).toBe(0)
  })

  test('a body without end is read no further than 64 KB and a chunk', async () => {
    let sent = 0
    let cancelled = false
    const body = new ReadableStream<Uint8Array>({
      pull(to) {
        sent += 1024
        to.enqueue(new Uint8Array(1024).fill(0x20))
      },
      cancel() {
        cancelled = true
      },
    })
    expect(await readJson(json(body, { 'content-length': '10' }))).toMatchObject({
      code: 'payload_too_large',
    })
    expect(sent).toBeLessThanOrEqual(67 * 1024)
    expect(cancelled).toBe(true)
  })

  test('a body that breaks off is a refusal', async () => {
    const body = new ReadableStream({
      start(to) {
        to.enqueue(utf8('{"a":'))
        to.error(new Error('gone'))
      },
    })
    expect(await readJson(json(body))).toMatchObject({ code: 'malformed_request' })
  })
})

describe('the text', () => {
  test('a character may be cut by a chunk', async () => {
    const bytes = utf8('{"name":"ä😀"}')
    const body = new ReadableStream({
      start(to) {
        for (const byte of bytes) to.enqueue(Uint8Array.of(byte))
        to.close()
      },
    })
    expect(await readJson(json(body))).toEqual({ ok: true, value: { name: 'ä😀' } })
  })

  test.each([
    ['nothing', ''],
    ['an array', '[]'],
    ['a text', '"a"'],
    ['null', 'null'],
    ['a number', '1'],
    ['half an object', '{"a":'],
    ['a key twice', '{"a":1,"a":2}'],
    ['a byte order mark', '\ufeff{}'],
    ['no UTF-8', Uint8Array.of(0x7b, 0x22, 0xff, 0x22, 0x3a, 0x31, 0x7d)],
    ['an overlong slash', Uint8Array.of(0x7b, 0x22, 0xc0, 0xaf, 0x22, 0x3a, 0x31, 0x7d)],
  ])('%s is malformed', async (_, body) => {
    expect(await readJson(json(body))).toMatchObject({ ok: false, code: 'malformed_request' })
  })
})

describe('no body', () => {
  test.each([
    ['none', post(null)],
    ['empty', post('')],
    ['empty, of any type', post('', { 'content-type': 'text/html' })],
    ['{}', json('{}')],
    ['{} with spaces', json(' { } ')],
    ['{} without a type', post(utf8('{}'))],
  ])('%s is taken', async (_, request) => {
    expect(await readNothing(request)).toEqual({ ok: true, value: undefined })
  })

  test.each([
    ['a field', json('{"a":1}'), 'malformed_request'],
    ['an array', json('[]'), 'malformed_request'],
    ['text', post('hello'), 'malformed_request'],
    ['a form', post(new URLSearchParams({ a: '1' })), 'malformed_request'],
    ['{} as text', post('{}', { 'content-type': 'text/plain' }), 'unsupported_media_type'],
    ['{} packed', json('{}', { 'content-encoding': 'gzip' }), 'unsupported_media_type'],
    ['too much', json(sized(65_537)), 'payload_too_large'],
  ])('%s is refused', async (_, request, code) => {
    expect(await readNothing(request)).toMatchObject({ ok: false, code })
  })
})
