import { expect, test } from 'vitest'
import type { Device } from './facts.ts'
import { chargeDevice, deviceBucket, type Guess, type Settling, wrongGuess } from './guess.ts'
import { emptyBucket, lockoutSettings } from './lockout.ts'
import { settle } from './settle.ts'

const { policy } = settle(lockoutSettings, [])
const device: Device = {
  id: 'd',
  userId: 'ada',
  userAgent: '',
  createdAt: 0,
  lastUsedAt: 0,
  expiresAt: 1e12,
}
const guess = { subject: 'user:ada', address: '192.0.2.1' } as Guess

/** The tenth wrong guess on a device, settled while its bucket is as it is shown. */
function settledWith(bucket: Settling['bucket']) {
  const nine = { ...emptyBucket(deviceBucket('d')), count: 9, since: 1, staleAt: 1e12 }
  const { verdict } = chargeDevice({ device, bucket: nine }, { id: 'd', userId: 'ada' }, policy, 2)
  if (verdict === 'stranger' || !verdict.ok) throw new Error('not charged')
  return wrongGuess({ device, bucket }, verdict, { guess, why: 'wrong' }, policy, 3)
}

test('ten wrong ones on a device, and it is forgotten', () => {
  const full = { ...emptyBucket(deviceBucket('d')), count: 10, restsUntil: 1e11, staleAt: 1e12 }
  const { verdict, keep } = settledWith(full)
  expect(verdict).toMatchObject({ code: 'account_locked' })
  expect(keep).toContainEqual({ kind: 'devices', forget: 'd' })
})

test('not when a right one beside the tenth has cleared it, and another was charged since', () => {
  const anew = { ...emptyBucket(deviceBucket('d')), count: 1, since: 2, staleAt: 1e12 }
  for (const bucket of [anew, undefined]) {
    const { verdict, keep = [] } = settledWith(bucket)
    expect(verdict).toMatchObject({ code: 'invalid_credentials' })
    expect(keep).toEqual([])
  }
})
