import { expect, test } from 'vitest'
import { endingOf, withEnding } from './ending.ts'
import type { User } from './facts.ts'

/** Ended for the nth time at instant n, every other time by disabling. */
function endedTimes(times: number): User {
  let user = { version: 1, endings: null } as User
  for (let at = 1; at <= times; at += 1) {
    const reason = at % 2 === 0 ? 'user_disabled' : 'password_changed'
    user = { ...user, endings: withEnding(user, at + 1, { at, reason }) }
  }
  return user
}

test('what was given out under a version is over by the first ending after it', () => {
  const user = endedTimes(3)
  expect(endingOf(user, 1)).toEqual({ at: 1, reason: 'password_changed' })
  expect(endingOf(user, 2)).toEqual({ at: 2, reason: 'user_disabled' })
  expect(endingOf(user, 3)).toEqual({ at: 3, reason: 'password_changed' })
})

test('of a version that none came after, nobody knows when', () => {
  expect(endingOf({ endings: null }, 1)).toEqual({ at: 0, reason: 'password_changed' })
  expect(endingOf(endedTimes(3), 9)).toEqual({ at: 0, reason: 'password_changed' })
})

test('the last twenty are kept, and stand for those before', () => {
  const user = endedTimes(50)
  expect(JSON.parse(user.endings ?? '')).toHaveLength(20)
  expect(endingOf(user, 1)).toEqual({ at: 31, reason: 'password_changed' })
  expect(endingOf(user, 49)).toEqual({ at: 49, reason: 'password_changed' })
  expect(endingOf(user, 50)).toEqual({ at: 50, reason: 'user_disabled' })
})
