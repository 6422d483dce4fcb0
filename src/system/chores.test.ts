/** Chores: again and again, never beside themselves, and not after a stop. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { chore } from './chores.ts'

beforeEach(() => void vi.useFakeTimers())
afterEach(() => void vi.useRealTimers())

test('it is done about every so often, and nodes do not stay in step', async () => {
  const at: number[] = []
  const one = chore(1_000, async () => void at.push(Date.now()), fail)
  await vi.advanceTimersByTimeAsync(100_000)
  const waits = at.slice(1).map((time, n) => time - (at[n] ?? 0))
  expect(Math.min(...waits)).toBeGreaterThanOrEqual(900)
  expect(Math.max(...waits)).toBeLessThanOrEqual(1_100)
  expect(new Set(waits).size).toBeGreaterThan(10)
  await one.stop()
})

test('what takes long is not done beside itself, and a stop waits for it', async () => {
  let atWork = 0
  let most = 0
  const one = chore(
    1_000,
    async () => {
      most = Math.max(most, ++atWork)
      await new Promise((resolve) => setTimeout(resolve, 5_000))
      atWork--
    },
    fail,
  )
  await vi.advanceTimersByTimeAsync(20_000)
  expect(most).toBe(1)
  while (atWork === 0) await vi.advanceTimersByTimeAsync(100)
  let stopped = false
  const stopping = one.stop().then(() => {
    stopped = true
  })
  await vi.advanceTimersByTimeAsync(100)
  expect(stopped).toBe(false)
  await vi.advanceTimersByTimeAsync(5_000)
  await stopping
  expect([atWork, vi.getTimerCount()]).toEqual([0, 0])
})

test('what fails is told, and tried again the next time', async () => {
  const told: unknown[] = []
  const one = chore(
    1_000,
    async () => {
      throw new Error('away')
    },
    (error) => told.push(error),
  )
  await vi.advanceTimersByTimeAsync(5_000)
  expect(told.length).toBeGreaterThan(3)
  await one.stop()
})

function fail(error: unknown): never {
  throw error
}
