import fc from 'fast-check'
import { expect, test } from 'vitest'
import { passes, readMessage } from './message.ts'

test.each([
  ['{"action":"subscribe","channels":["a","b"]}', 'subscribe', ['a', 'b'], undefined],
  ['{"action":"unsubscribe","channels":[]}', 'unsubscribe', [], undefined],
  ['{"action":"subscribe","channels":["a"],"filters":{}}', 'subscribe', ['a'], {}],
  ['{"action":"subscribe","channels":["a"],"filters":{"n":1}}', 'subscribe', ['a'], { n: 1 }],
])('%s is understood', (text, action, channels, filters) => {
  expect(readMessage(text)).toEqual({ ok: true, action, channels, filters })
})

const long = 'x'.repeat(257)
test.each([
  ['', 'Invalid JSON'],
  ['7', 'Expected JSON object'],
  ['[]', 'Expected JSON object'],
  ['{}', 'Unknown action'],
  ['{"action":"toString","channels":[]}', 'Unknown action'],
  ['{"action":"subscribe","channels":"a"}', 'channels must be a list of strings'],
  ['{"action":"subscribe","channels":[null]}', 'channels must be a list of strings'],
  ['{"action":"subscribe","channels":[],"filters":null}', 'filters must be an object'],
  ['{"action":"subscribe","channels":[],"filters":{"a":{}}}', 'Filter bounds exceeded'],
  [`{"action":"subscribe","channels":[],"filters":{"a":"${long}"}}`, 'Filter bounds exceeded'],
  [`{"action":"subscribe","channels":[],"filters":{"${long}":1}}`, 'Filter bounds exceeded'],
  [JSON.stringify({ action: 'subscribe', channels: Array(101).fill('a') }), 'Too many channels'],
])('%s is answered: %s', (text, error) => {
  expect(readMessage(text)).toEqual({ ok: false, error })
})

test('whatever is said, nothing throws; a name that is too long is no channel', () => {
  fc.assert(fc.property(fc.string(), (text) => void readMessage(text)))
  fc.assert(fc.property(fc.json(), (text) => void readMessage(text)))
  const said = { action: 'subscribe', channels: ['x'.repeat(129), 'x'.repeat(128)] }
  expect(readMessage(JSON.stringify(said))).toMatchObject({ channels: ['x'.repeat(128)] })
})

test.each([
  [{}, { a: 1 }, true],
  [{ a: 1 }, { a: 1, b: 2 }, true],
  [{ a: '1' }, { a: 1 }, false],
  [{ a: 1, b: 1 }, { a: 1, b: 2 }, false],
  [{ missing: null }, {}, false],
])('%j lets %j pass: %s', (filters, payload, is) => {
  expect(passes(filters, payload)).toBe(is)
})
