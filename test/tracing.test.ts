/**
 * Tracing through a real SDK of OpenTelemetry: the spans that the guide shows, under the span of the host;
 * none where nothing is read, and none that says of whom or with what.
 *
 * @module
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Context, context, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
  TracerProvider,
} from '@opentelemetry/sdk-trace'
import { afterEach, describe, expect, test } from 'vitest'
import { databases, openTestGate, origin, secret, setupToken } from './gate/gate.ts'
import { password, visitor } from './gate/visitor.ts'
import { browser } from './server/browser.ts'
import { serve } from './server/process.ts'

/** Counts how often anybody asks what is under way. */
class Counting extends AsyncLocalStorageContextManager {
  asked = 0
  override active(): Context {
    this.asked += 1
    return super.active()
  }
}

const kept = new InMemorySpanExporter()
const counting = new Counting().enable()
context.setGlobalContextManager(counting)
trace.setGlobalTracerProvider(
  new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: kept })] }),
)
afterEach(() => kept.reset())

/** Runs something under a span of the host's. */
async function hosted<T>(deed: () => Promise<T>): Promise<T> {
  return trace.getTracer('host').startActiveSpan('host', async (span) => {
    try {
      return await deed()
    } finally {
      span.end()
    }
  })
}

/** Spans as a tree, a level of indent each, in the order they began. */
function tree(spans: readonly ReadableSpan[], parent?: string, indent = ''): string[] {
  return spans
    .filter((span) => span.parentSpanContext?.spanId === parent)
    .toSorted((a, b) => begun(a) - begun(b))
    .flatMap((span) => [
      `${indent}${span.name}`,
      ...tree(spans, span.spanContext().spanId, `${indent}  `),
    ])
}
const begun = ({ startTime: [seconds, nanos] }: ReadableSpan) => seconds * 1e9 + nanos

const named = (name: string) => kept.getFinishedSpans().filter((span) => span.name === name)

const guide = readFileSync(join(import.meta.dirname, '../docs/guide/tracing.md'), 'utf8')
const [, shown = ''] = /```text\n(.*?)\n```/s.exec(guide) ?? []

describe.each(databases)('on %s', (kind) => {
  test('a sign-in is the tree that the guide shows, under the span of the host', async () => {
    const { gate } = await openTestGate(kind)
    const ada = visitor(gate)
    await ada.setUp()
    kept.reset()
    await hosted(() => ada.logIn('ada'))
    expect(tree(kept.getFinishedSpans())).toEqual(shown.split('\n'))
    const [deed] = named('sallyport POST /auth/login')
    expect(deed?.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/api/v1/auth/login',
      'http.response.status_code': 200,
    })
    const system = kind === 'sqlite' ? 'sqlite' : 'postgresql'
    expect(named('sallyport find users')[0]?.attributes).toEqual({
      'db.system.name': system,
      'db.operation.name': 'find',
      'db.collection.name': 'users',
    })
    expect(named('sallyport step').at(-1)?.attributes).toMatchObject({
      'db.system.name': system,
      'sallyport.collections': expect.arrayContaining(['users', 'sessions', 'devices']),
    })
  })

  test('a check from memory has no span and asks for none; one that reads has', async () => {
    const { gate, query } = await openTestGate(kind)
    const ada = visitor(gate)
    await ada.setUp()
    await ada.send('GET', '/auth/me')
    const cookie = [...ada.jar].map((pair) => pair.join('=')).join('; ')
    // Asked by no trusted proxy, it counts as unsafe.
    const proof = { Origin: origin, 'X-CSRF-Token': ada.jar.get('__Host-csrf') ?? '' }
    const request = new Request(`${origin}/mine`, { headers: { cookie } })
    kept.reset()
    await hosted(async () => {
      counting.asked = 0
      for (let n = 0; n < 100; n++) {
        expect(gate.guard()(request)).toMatchObject({ ok: true })
        expect(await gate.callerOf(request)).toMatchObject({ ok: true })
        expect((await ada.send('GET', '/auth/me')).status).toBe(200)
        expect((await ada.send('GET', '/auth/verify', { headers: proof })).status).toBe(200)
      }
      expect(counting.asked).toBe(0)
    })
    expect(tree(kept.getFinishedSpans())).toEqual(['host'])
    kept.reset()
    // What is changed past the store is read anew.
    await query('update users set username = username')
    await hosted(() => gate.callerOf(request))
    expect(named('sallyport find sessions')).toHaveLength(1)
  })
})

test('a refusal is told by its code and is no error', async () => {
  const { gate } = await openTestGate()
  const ada = visitor(gate)
  await ada.setUp()
  kept.reset()
  await ada.logIn('ada', 'not this one, nor any other')
  const [deed] = named('sallyport POST /auth/login')
  expect(deed?.attributes).toMatchObject({
    'http.response.status_code': 401,
    'sallyport.refusal': 'invalid_credentials',
  })
  expect(deed?.status.code).toBe(0)
  expect(deed?.attributes).not.toHaveProperty('error.type')
})

test('what breaks is an error on every span it went through, with frames and no message', async () => {
  const { gate, query } = await openTestGate('sqlite', { onFault() {} })
  const ada = visitor(gate)
  await ada.setUp()
  await query(
    "create trigger broken before insert on sessions begin select raise(abort, 'ada'); end",
  )
  kept.reset()
  expect((await ada.logIn('ada')).status).toBe(500)
  const deed = named('sallyport POST /auth/login')[0]
  const step = named('sallyport step').at(-1)
  for (const span of [deed, step]) {
    expect(span?.status).toEqual({ code: 2 })
    expect(span?.attributes['error.type']).toBe('Error')
    expect(span?.events[0]?.attributes).toEqual({
      'exception.type': 'Error',
      'exception.stacktrace': expect.stringMatching(/^\s+at .*commit/s),
    })
  }
})

test('no name, address, token or secret is in a span', async () => {
  const { gate } = await openTestGate()
  const canary = 'canary-typed-astray'
  const ada = visitor(gate)
  const secrets = new Set([password, canary, secret, setupToken, 'ada', '198.51.100.7', 'Firefox'])
  const send = async (...asked: Parameters<typeof ada.send>) => {
    const { json } = await ada.send(...asked)
    for (const value of ada.jar.values()) secrets.add(value)
    for (const value of [json.user?.id, json.session?.id]) if (value) secrets.add(value)
    return json as Record<string, unknown>
  }
  await hosted(async () => {
    await send('POST', '/auth/setup', { json: { setupToken, username: 'ada', password } })
    await send('POST', '/auth/login', { json: { username: canary, password: canary } })
    await send('POST', '/auth/login', { json: { username: 'ada', password } })
    await send('POST', '/auth/step-up', { json: { password } })
    const { key, secret: issued } = await send('POST', '/auth/api-keys', {
      json: { name: canary, scopes: ['users:read'], expiresAt: '2026-02-01T00:00:00.000Z' },
    })
    const { ticket } = await send('POST', '/auth/ws-ticket', { json: {} })
    const { user, temporaryPassword } = await send('POST', '/users', {
      json: { username: 'grace', role: 'member' },
    })
    const { id } = user as { id: string }
    await send('PATCH', `/users/${id}`, { json: { displayName: canary } })
    await send('DELETE', `/users/${id}`)
    await send('GET', `/users?query=${canary}`)
    await send('POST', '/auth/logout')
    for (const value of [
      issued,
      ticket,
      temporaryPassword,
      id,
      (key as { id: string } | undefined)?.id,
    ])
      secrets.add(String(value))
  })
  const spans = kept.getFinishedSpans()
  expect(spans.length).toBeGreaterThan(30)
  expect(named('sallyport PATCH /users/{id}')[0]?.attributes).toMatchObject({
    'http.response.status_code': 200,
  })
  const said = JSON.stringify(
    spans.map(({ name, attributes, events, status, links }) => [
      name,
      attributes,
      events,
      status,
      links,
    ]),
  )
  expect(secrets).not.toContain('undefined')
  expect([...secrets].filter((one) => said.includes(one))).toEqual([])
})

test('a server is traced by an SDK that `node --import` brings', async () => {
  const sdk = join(import.meta.dirname, 'tracing/sdk.ts')
  const server = await serve({ env: { NODE_OPTIONS: `--import ${sdk}` } })
  expect((await browser(server).setUp(server.setupToken)).status).toBe(201)
  await server.line(/^span: sallyport hash password$/)
  await server.line(/^span: sallyport POST \/auth\/setup$/)
})
