/**
 * A node whose own clock is wrong, over a database that several share.
 *
 * @module
 */
import { afterEach, expect, test, vi } from 'vitest'
import { createSallyport } from '../src/index.ts'
import { origin, secret, setupToken } from './gate/gate.ts'
import { visitor } from './gate/visitor.ts'
import { freshPostgres } from './provision/postgres.ts'

const hour = 3_600_000

afterEach(() => {
  vi.useRealTimers()
})

test.each([-1, 1])(
  'TIME-01: a node whose clock is %d h off judges by the clock of the database',
  async (off) => {
    vi.useFakeTimers({ toFake: ['Date'] })
    vi.setSystemTime(Date.now() + off * hour)
    const gate = await createSallyport({
      publicOrigin: origin,
      database: await freshPostgres(),
      secret,
      setupToken,
    })
    const ada = visitor(gate)
    expect((await ada.setUp()).status).toBe(201)
    const me = await ada.send('GET', '/auth/me')
    expect(me.status).toBe(200)
    vi.useRealTimers()
    expect(Math.abs(Date.parse(me.json.session.createdAt) - Date.now())).toBeLessThan(hour / 2)
    await gate.close()
  },
)

test('a host that throws on being told changes no answer', async () => {
  const gate = await createSallyport({
    publicOrigin: origin,
    database: 'sqlite::memory:',
    secret,
    setupToken,
    onClaimed() {
      throw new Error('the host stumbles')
    },
  })
  const line = vi.spyOn(process.stderr, 'write').mockReturnValue(true)
  const claimed = await visitor(gate).setUp()
  expect([claimed.status, claimed.set.length]).toEqual([201, 4])
  expect(line.mock.calls.map(([text]) => text)).toEqual([
    expect.stringContaining('the host stumbles'),
  ])
  line.mockRestore()
  await gate.close()
})
