/** Rotation: one goes on, one is healed, everything else ends the session or changes nothing. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Instance, Session, User } from './facts.ts'
import { deriveKeys, type Keys, rootOf } from './keys.ts'
import { firstToken, type RefreshToken } from './refresh-token.ts'
import { refreshSettings, rotate } from './rotation.ts'

const now = 1_800_000_000_000
const [second, minute, hour] = [1000, 60_000, 3_600_000]
const [one, two] = [rootOf(Buffer.alloc(32, 1)), rootOf(Buffer.alloc(32, 2))]
const keys = deriveKeys({ active: one, verify: [] }, 'an instance')
const rotatedKeys = deriveKeys({ active: two, verify: [one] }, 'an instance')

const sid = 'AAECAwQFBgcICQoLDA0ODw'
const instance: Instance = {
  id: 'instance',
  instanceId: 'an instance',
  epoch: 4,
  claimedAt: 1,
  keyId: one.id,
}
const ada = { id: 'ada', version: 3, endings: null, disabledAt: null, deletedAt: null } as User
const first = firstToken(keys, sid, Buffer.alloc(32, 9))
const opened = {
  id: sid,
  userId: 'ada',
  userVersion: 3,
  epoch: 4,
  kind: 'restricted',
  lastActiveAt: now - minute,
  idleUntil: now + hour,
  idleFor: hour,
  expiresAt: now + 8 * hour,
  endedAt: null,
  endReason: null,
  replacedAt: null,
  provenAt: now - hour,
  generation: 0,
  digest: first.digest,
  previousDigest: null,
  rotationSalt: null,
  rotationKey: null,
  rotatedAt: null,
} as Session
const salts = ['c2FsdCBvbmUgLS0tLS0tLQ', 'c2FsdCB0d28gLS0tLS0tLQ'] as const

interface Over {
  readonly session?: Partial<Session> | undefined
  readonly user?: Partial<User>
  readonly epoch?: number
  readonly at?: number
  readonly leeway?: number
  readonly keys?: Keys
  readonly salt?: string
}

function refreshed(token: RefreshToken, over: Over = {}) {
  const shown = {
    instance: { ...instance, epoch: over.epoch ?? 4 },
    session: { ...opened, ...over.session },
    user: { ...ada, ...over.user },
  }
  const { salt = salts[0], leeway = 30 * second, at = now } = over
  const given = { keys: over.keys ?? keys, salt, leeway, address: '192.0.2.7' }
  return rotate(shown, token, given, at)
}

/** The session and the token after a rotation. */
function renewed(token: RefreshToken, over: Over = {}): { session: Session; next: RefreshToken } {
  const { verdict } = refreshed(token, over)
  if (!verdict.ok) throw new Error(`not rotated: ${verdict.why}`)
  return verdict
}

test('the settings, in plain numbers', () => {
  expect(refreshSettings).toMatchObject({
    enabled: { default: true },
    leeway: { default: 30_000, min: 0, max: 60_000 },
  })
})

test('the current token moves six columns and nothing else, and is not recorded', () => {
  const step = refreshed(first)
  const { next } = renewed(first)
  const moved = {
    ...opened,
    generation: 1,
    digest: next.digest,
    previousDigest: first.digest,
    rotationSalt: salts[0],
    rotationKey: one.id,
    rotatedAt: now,
  }
  expect(step).toEqual({
    verdict: { ok: true, session: moved, user: ada, next },
    keep: [{ kind: 'sessions', keep: moved }],
  })
  expect([next.generation, next.sid]).toEqual([1, sid])
})

describe('the predecessor', () => {
  const { session, next } = renewed(first)

  test.each([
    ['at once', 30 * second, 0, true],
    ['at the end of the leeway', 30 * second, 30 * second, true],
    ['a millisecond later', 30 * second, 30 * second + 1, false],
    ['within the longest', minute, minute, true],
    ['without any leeway, at once', 0, 0, false],
    ['a clock set back a little', 30 * second, -30 * second, true],
    ['a clock set back more than the leeway', 30 * second, -30 * second - 1, false],
  ])('%s', (_, leeway, passed, healed) => {
    const at = now + passed
    const step = refreshed(first, { session, at, leeway, salt: salts[1] })
    if (healed) {
      expect(step).toEqual({ verdict: { ok: true, session, user: ada, next } })
    } else {
      const ended = { ...session, endedAt: at, endReason: 'replay' }
      expect(step).toMatchObject({
        verdict: { ok: false, code: 'refresh_token_invalid', why: 'replay', replaced: false },
        keep: [{ kind: 'sessions', keep: ended }],
        record: [{ type: 'refresh.replayed', subject: 'user:ada', session: sid }],
      })
    }
  })

  test('once its successor was used, nothing excuses it', () => {
    const { session: later } = renewed(next, { session, salt: salts[1] })
    expect(refreshed(first, { session: later }).verdict).toMatchObject({ why: 'replay' })
    expect(refreshed(next, { session: later }).verdict.ok).toBe(true)
  })
})

describe('a session that does not stand ends no more than it has', () => {
  test.each<[string, Over, string, boolean]>([
    ['ended', { session: { endedAt: 1, endReason: 'logout' } }, 'logout', false],
    ['ended as a replay', { session: { endedAt: 1, endReason: 'replay' } }, 'replay', false],
    [
      'replaced a moment ago',
      { session: { endedAt: now, endReason: 'logout', replacedAt: now - 10 * second + 1 } },
      'logout',
      true,
    ],
    [
      'replaced ten seconds ago',
      { session: { endedAt: now, endReason: 'logout', replacedAt: now - 10 * second } },
      'logout',
      false,
    ],
    ['idle', { session: { idleUntil: now } }, 'idle', false],
    ['at its absolute end', { session: { expiresAt: now } }, 'absolute', false],
    ['of an earlier epoch', { epoch: 5 }, 'restored', false],
    ['of somebody disabled', { user: { disabledAt: 1 } }, 'user_disabled', false],
    ['of somebody gone', { user: { deletedAt: 1 } }, 'user_disabled', false],
    ['of an earlier password', { user: { version: 4 } }, 'password_changed', false],
  ])('%s', (_, over, reason, replaced) => {
    for (const token of [first, { ...first, generation: 4, digest: 'ahead' }]) {
      const step = refreshed(token, over)
      expect(step.verdict).toEqual({
        ok: false,
        code: 'refresh_token_invalid',
        why: reason,
        replaced,
      })
      expect(step.keep).toBeUndefined()
      expect(step.record).toMatchObject([
        { type: 'refresh.refused', outcome: 'refused', session: sid, reason },
      ])
    }
  })

  test('nor does one that is gone', () => {
    const given = { keys, salt: salts[0], leeway: 0, address: '' }
    const step = rotate({ instance, session: undefined, user: undefined }, first, given, now)
    expect(step).toMatchObject({ verdict: { code: 'refresh_token_invalid' } })
    expect(step.record).toMatchObject([{ type: 'refresh.refused', subject: null, session: sid }])
  })

  test('nor one that knows nothing of the token: the database was rolled back', () => {
    const ahead = { ...first, generation: 1, digest: 'of a later day' }
    const step = refreshed(ahead)
    expect([step.verdict, step.keep]).toMatchObject([{ why: 'ahead', replaced: false }, undefined])
  })
})

describe('two roots (RT-18)', () => {
  test('a rotation is under the root in use, and healed by whoever has it', () => {
    const { session, next } = renewed(first, { keys: rotatedKeys })
    expect([session.rotationKey, next.kid]).toEqual([two.id, two.id])
    const both = deriveKeys({ active: one, verify: [two] }, 'an instance')
    expect(renewed(first, { session, keys: both }).next).toEqual(next)
  })

  test('a node without it says so, and takes nothing for a replay', () => {
    const { session } = renewed(first, { keys: rotatedKeys })
    const step = refreshed(first, { session })
    expect(step).toMatchObject({ verdict: { code: 'unavailable', replaced: false } })
    expect([step.keep, step.record]).toEqual([undefined, undefined])
  })
})

/** Any client, or any two that share a session, presenting any token at any time. */
test('property: exactly the immediate predecessor within the leeway heals, all older end it (R5.5)', () => {
  const deed = fc.record({
    back: fc.oneof({ weight: 3, arbitrary: fc.constantFrom(0, 1) }, fc.nat(4)),
    wait: fc.constantFrom(0, 1, 29_999, 30_000, 30_001),
  })
  const seen = { rotated: 0, healed: 0, replayed: 0, over: 0 }
  fc.assert(
    fc.property(fc.array(deed, { maxLength: 12 }), (deeds) => {
      let session: Session = { ...opened, expiresAt: now + 90 * hour, idleUntil: now + 90 * hour }
      const made = [first]
      let [at, rotatedAt, over] = [now, now, false]
      for (const [index, { back, wait }] of deeds.entries()) {
        at += wait
        const head = made.length - 1
        const which = Math.max(head - back, 0)
        const salt = Buffer.alloc(16, index).toString('base64url')
        const step = refreshed(made[which] ?? first, { session, at, salt })
        const kept = step.keep?.map((change) => 'keep' in change && change.keep) as Session[]
        if (over) {
          expect([step.verdict.ok, kept]).toEqual([false, undefined])
          seen.over += 1
        } else if (which === head) {
          expect([step.verdict.ok, kept.length]).toEqual([true, 1])
          if (step.verdict.ok) made.push(step.verdict.next)
          rotatedAt = at
          seen.rotated += 1
        } else if (which === head - 1 && at - rotatedAt <= 30_000) {
          expect(step.verdict).toMatchObject({ ok: true, next: { text: made[head]?.text } })
          expect(kept).toBeUndefined()
          seen.healed += 1
        } else {
          expect(step.verdict).toMatchObject({ ok: false, why: 'replay' })
          over = true
          seen.replayed += 1
        }
        session = kept?.[0] ?? session
      }
      expect(new Set(made.map(({ text }) => text)).size).toBe(made.length)
    }),
    { numRuns: 300 },
  )
  for (const count of Object.values(seen)) expect(count).toBeGreaterThan(20)
})
