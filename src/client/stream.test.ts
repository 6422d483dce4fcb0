/** Event streams: the same events however the body is cut, and an end that is no end is told. */

import { afterEach, describe, expect, test, vi } from 'vitest'
import { UnreachableError } from './errors.ts'
import { readEvents, readStream, type StreamEvent } from './stream.ts'

const text = [
  ': a comment\n\n',
  'event: step\nid: 1\ndata: {"done":1,"of":2}\n\n',
  'event:step\r\nid:2\r\ndata: {"done":\r\ndata: 2}\r\n\r\n',
  'data: "grüße, 世界 🚪"\n\n',
  'event: empty\n\n',
  'unknown: field\ndata: null\nretry: 5\n\n',
  'event: done\rdata: {}\r\r',
].join('')

const told: StreamEvent[] = [
  { event: 'step', id: '1', data: { done: 1, of: 2 } },
  { event: 'step', id: '2', data: { done: 2 } },
  { event: 'message', data: 'grüße, 世界 🚪' },
  { event: 'message', data: null },
  { event: 'done', data: {} },
]

const bytes = new TextEncoder().encode(text)

function bodyOf(...pieces: readonly Uint8Array[]) {
  return new ReadableStream<Uint8Array>({
    start(controller) {
      for (const piece of pieces) controller.enqueue(piece)
      controller.close()
    },
  })
}

async function all<T>(events: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = []
  for await (const event of events) found.push(event)
  return found
}

afterEach(() => vi.restoreAllMocks())

test('whole', async () => {
  expect(await all(readEvents(bodyOf(bytes)))).toEqual(told)
})

test('cut in two at every byte', async () => {
  for (let at = 0; at <= bytes.length; at++) {
    const cut = bodyOf(bytes.subarray(0, at), bytes.subarray(at))
    expect(await all(readEvents(cut)), `cut at ${at}`).toEqual(told)
  }
})

test('byte by byte', async () => {
  const pieces = Array.from(bytes, (_, at) => bytes.subarray(at, at + 1))
  const alive = vi.fn()
  expect(await all(readEvents(bodyOf(...pieces), alive))).toEqual(told)
  expect(alive.mock.calls.length).toBeGreaterThan(told.length)
})

test('what is not JSON is left out, with a warning that does not repeat it', async () => {
  const warned = vi.spyOn(console, 'warn').mockImplementation(() => {})
  const body = bodyOf(new TextEncoder().encode('data: {oops secret\n\ndata: 1\n\n'))
  expect(await all(readEvents(body))).toEqual([{ event: 'message', data: 1 }])
  expect(warned).toHaveBeenCalledTimes(1)
  expect(String(warned.mock.calls[0])).not.toContain('secret')
})

test('a message that was not finished is not told', async () => {
  const body = bodyOf(new TextEncoder().encode('data: 1\n\ndata: 2\n'))
  expect(await all(readEvents(body))).toEqual([{ event: 'message', data: 1 }])
})

test('whoever stops reading lets go of the rest', async () => {
  const cancelled = vi.fn()
  const body = new ReadableStream<Uint8Array>({
    pull: (controller) => controller.enqueue(new TextEncoder().encode('data: 1\n\n')),
    cancel: cancelled,
  })
  for await (const event of readEvents(body)) {
    expect(event.data).toBe(1)
    break
  }
  await vi.waitFor(() => expect(cancelled).toHaveBeenCalled())
})

describe('a call whose answer is a stream', () => {
  const headers = { 'content-type': 'text/event-stream; charset=utf-8' }
  const answering = (response: () => Response) => vi.fn(async () => response())

  test('is sent as JSON, and read to the event that ends it', async () => {
    const ask = answering(() => new Response(bodyOf(bytes), { headers }))
    const events = await all(readStream(ask, '/pull', { body: { model: 'x' }, until: 'done' }))
    expect(events).toEqual(told)
    expect(ask).toHaveBeenCalledWith('/pull', {
      method: 'POST',
      headers: new Headers({ Accept: 'text/event-stream', 'Content-Type': 'application/json' }),
      body: '{"model":"x"}',
      signal: null,
    })
  })

  test('that ends before its end is incomplete', async () => {
    const ask = answering(() => new Response(bodyOf(bytes), { headers }))
    await expect(all(readStream(ask, '/pull', { until: 'complete' }))).rejects.toMatchObject({
      kind: 'incomplete',
    })
  })

  test('that breaks off is incomplete', async () => {
    const broken = new ReadableStream<Uint8Array>({
      pull: (controller) => controller.error(new TypeError('network error')),
    })
    const ask = answering(() => new Response(broken, { headers }))
    await expect(all(readStream(ask, '/pull'))).rejects.toMatchObject({ kind: 'incomplete' })
  })

  test('that is given up tells the reason it was given up for', async () => {
    const given = new AbortController()
    const endless = new ReadableStream<Uint8Array>({
      start: (controller) =>
        given.signal.addEventListener('abort', () => controller.error(given.signal.reason)),
    })
    const ask = answering(() => new Response(endless, { headers }))
    const read = all(readStream(ask, '/pull', { signal: given.signal }))
    given.abort('left the page')
    await expect(read).rejects.toBe('left the page')
  })

  test('and another kind of answer is nobody of ours', async () => {
    const ask = answering(() => new Response('<h1>Hotel Wi-Fi</h1>'))
    const error = await all(readStream(ask, '/pull')).catch((caught) => caught)
    expect(error).toBeInstanceOf(UnreachableError)
    expect(error).toMatchObject({ kind: 'foreign' })
  })
})
