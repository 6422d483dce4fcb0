/**
 * Packed sessions come out as they went in, are found again by what was made of them, and make room.
 *
 * @module
 */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { StandingSession } from '../rules/facts.ts'
import { packedSessions } from './packed-sessions.ts'

const instant = fc.integer({ min: 0, max: 4_000_000_000_000 })
const session = fc.record({
  id: fc.string({ minLength: 1, maxLength: 22 }),
  userId: fc.string(),
  userVersion: fc.nat(),
  epoch: fc.nat(),
  kind: fc.constantFrom('full' as const, 'restricted' as const),
  createdAt: instant,
  lastActiveAt: instant,
  idleUntil: instant,
  idleFor: instant,
  expiresAt: instant,
  remembered: fc.constantFrom(0 as const, 1 as const),
  address: fc.constantFrom('192.0.2.1', '2001:db8::1', ''),
  userAgent: fc.string({ maxLength: 512 }),
  endedAt: fc.constant(null),
  endReason: fc.constant(null),
  replacedAt: fc.constant(null),
  provenAt: instant,
})

test('whatever is put in and taken away, each is there as it was put last, or not at all', () => {
  const deed = fc.oneof(
    session.map((one) => ({ one, taken: false })),
    fc.record({ one: session, taken: fc.constant(true) }),
  )
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 60 }), (deeds) => {
      const kept = packedSessions(1_000)
      const model = new Map<string, StandingSession>()
      for (const { one, taken } of deeds) {
        // Ids of few letters, so that they meet.
        const id = one.id.slice(0, 1)
        if (taken) {
          kept.delete(id)
          model.delete(id)
        } else {
          kept.set(id, { ...one, id })
          model.set(id, { ...one, id })
        }
        for (const known of [id, ...model.keys()]) expect(kept.get(known)).toEqual(model.get(known))
        expect(kept.size).toBe(model.size)
      }
    }),
    { numRuns: 100 },
  )
})

const [sample] = fc.sample(session, { numRuns: 1, seed: 1 }) as [StandingSession]
const some = (id: string, more: Partial<StandingSession> = {}): StandingSession => ({
  ...sample,
  id,
  ...more,
})

test('one asked for again is the very same, until it is put or taken', () => {
  const kept = packedSessions(1_000)
  kept.set('a', some('a'))
  const first = kept.get('a')
  expect(kept.get('a')).toBe(first)
  kept.set('a', some('a', { epoch: 7 }))
  expect(kept.get('a')).toMatchObject({ epoch: 7 })
  kept.delete('a')
  expect(kept.get('a')).toBeUndefined()
})

test('what is over is not kept, nor what it was before', () => {
  const kept = packedSessions(1_000)
  for (const over of [{ endedAt: 1 }, { replacedAt: 1 }]) {
    kept.set('a', some('a'))
    kept.get('a')
    kept.set('a', some('a', over))
    expect([kept.get('a'), kept.size]).toEqual([undefined, 0])
  }
})

test('the ones unheard of for longest make room, those in use stay', () => {
  const most = 12_000
  const kept = packedSessions(most)
  for (let n = 0; n < 3 * most; n++) {
    kept.set(`${n}`, some(`${n}`))
    expect(kept.get('0')?.id).toBe('0')
    if (kept.size > most) throw new Error(`${kept.size} after ${n}`)
  }
  expect(kept.get('1')).toBeUndefined()
  expect(kept.get(`${3 * most - 1}`)?.id).toBe(`${3 * most - 1}`)
})
