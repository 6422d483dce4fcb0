/** A watchable tells of changes, only of changes, and no longer than asked. */

import { expect, test } from 'vitest'
import { watchable } from './watchable.ts'

test('tells each watcher once a change, and nobody when nothing changed', () => {
  const value = watchable(1)
  const seen: number[] = []
  value.watch(() => seen.push(value.get()))
  value.set(2)
  value.set(2)
  value.set(3)
  expect(seen).toEqual([2, 3])
})

test('one function watching twice is told twice, and each stop ends one', () => {
  const value = watchable(1)
  let told = 0
  const listener = () => {
    told++
  }
  const stop = value.watch(listener)
  value.watch(listener)
  value.set(2)
  stop()
  stop()
  value.set(3)
  expect(told).toBe(3)
})

test('a watcher that stops while being told does not make another miss the change', () => {
  const value = watchable(1)
  let told = 0
  const stop = value.watch(() => stop())
  value.watch(() => {
    told++
  })
  value.set(2)
  expect(told).toBe(1)
})
