/** Common passwords: the list is long, lower-cased, and read once. */
import { expect, test } from 'vitest'
import { loadBlocklist } from './blocklist.ts'

test('it has at least 45,000 entries, the same set for everybody who asks', async () => {
  const [list, again] = await Promise.all([loadBlocklist(), loadBlocklist()])
  expect(list.size).toBeGreaterThanOrEqual(45_000)
  expect(again).toBe(list)
})

test.each(['password', '12345678', 'qwertyuiop', '123456', 'letmein', 'iloveyou'])(
  'it knows %s',
  async (password) => {
    expect((await loadBlocklist()).has(password)).toBe(true)
  },
)

test('it is lower-cased and does not know everything', async () => {
  const list = await loadBlocklist()
  expect([...list].filter((password) => password !== password.toLowerCase())).toEqual([])
  expect(list.has('nine grey herons at the weir')).toBe(false)
  expect(list.has('')).toBe(false)
})
