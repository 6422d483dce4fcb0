/** Retirement: one thing alive is enough to keep a root secret. */
import { expect, test } from 'vitest'
import { isUnused } from './retirement.ts'

const none = { count: 0, until: null }
const one = { count: 1, until: 5 }

test.each([
  ['nothing', { sessions: none, devices: none, keys: none, passwords: 0 }, true],
  ['a session', { sessions: one, devices: none, keys: none, passwords: 0 }, false],
  ['a device', { sessions: none, devices: one, keys: none, passwords: 0 }, false],
  ['an API key', { sessions: none, devices: none, keys: one, passwords: 0 }, false],
  ['a password', { sessions: none, devices: none, keys: none, passwords: 1 }, false],
])('needed by %s', (_, uses, unused) => {
  expect(isUnused(uses)).toBe(unused)
})
