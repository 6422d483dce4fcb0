/** Sessions: who gets one, who loses one for it, and until when it stands. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { EndReason, Instance, Session, User } from './facts.ts'
import {
  end,
  evictSurplus,
  type Opening,
  open,
  type SessionPolicy,
  sessionSettings,
  standing,
  touch,
} from './session.ts'
import { settle } from './settle.ts'
import { day, hour, minute, second } from './time.ts'

const now = 1_800_000_000_000
const policy = settle(sessionSettings, []).policy
const instance: Instance = {
  id: 'instance',
  instanceId: 'aW5zdGFuY2UtMDEyMzQ1Ng',
  epoch: 4,
  claimedAt: 1,
  keyId: null,
}
const ada: User = {
  id: 'ada',
  username: 'ada',
  displayName: null,
  role: 'member',
  scopes: '[]',
  passwordHash: null,
  mustChangePassword: 0,
  version: 3,
  endings: null,
  proofsVoidUntil: 0,
  createdAt: 1,
  lastLoginAt: null,
  disabledAt: null,
  temporaryUntil: null,
  deletedAt: null,
}
/** A session of Ada's that stands now: opened an hour ago, active a minute ago. */
const standingOne: Session = {
  id: 'one',
  userId: 'ada',
  userVersion: 3,
  epoch: 4,
  kind: 'full',
  createdAt: now - hour,
  lastActiveAt: now - minute,
  idleUntil: now + 29 * minute,
  idleFor: 30 * minute,
  expiresAt: now + 11 * hour,
  remembered: 0,
  address: '192.0.2.1',
  userAgent: 'Browser/1',
  endedAt: null,
  endReason: null,
  replacedAt: null,
  provenAt: now,
  generation: 0,
  digest: null,
  previousDigest: null,
  rotationSalt: null,
  rotationKey: null,
  rotatedAt: null,
}
const bob: User = { ...ada, id: 'bob', username: 'bob' }
const opening: Opening = {
  id: 'new',
  address: '192.0.2.7',
  userAgent: 'Browser/2',
  remember: false,
  digest: null,
}

/** What opening did, in ids: who was ended and why, or that it was refused. */
function opened(
  live: readonly Session[],
  said: Partial<SessionPolicy> = {},
  came?: Session,
): string[] {
  const shown = { instance, user: ada, live, came, cameOwner: bob }
  const outcome = open(shown, opening, now, { ...policy, ...said })
  if (!outcome.ok) return [outcome.code]
  return outcome.changes.flatMap((change) =>
    change.kind === 'sessions' && 'keep' in change
      ? [`${change.keep.id} ${change.keep.endReason ?? 'is new'}`]
      : [],
  )
}

test('the settings, in plain numbers', () => {
  expect(policy).toEqual({
    limit: 5,
    limitPolicy: 'evict-oldest',
    accessLifetime: 300_000,
    idle: 1_800_000,
    absolute: 43_200_000,
    privilegedIdle: 900_000,
    privilegedAbsolute: 28_800_000,
    remember: false,
    rememberedIdle: 604_800_000,
    rememberedAbsolute: 2_592_000_000,
  })
  expect(sessionSettings).toMatchObject({
    limit: { min: 0, max: 100 },
    privilegedLimit: { min: 0, max: 100 },
    limitPolicy: { of: ['evict-oldest', 'evict-idle', 'reject'] },
    accessLifetime: { min: 60_000, max: 86_400_000 },
    idle: { min: 60_000, max: 2_592_000_000 },
    absolute: { min: 300_000, max: 7_776_000_000 },
  })
})

describe('the limit', () => {
  /** Sessions by the hours ago they were opened, and the minutes ago they were last active. */
  const live = (...ages: [id: string, hours: number, minutes?: number][]): Session[] =>
    ages.map(([id, hours, minutes = 1]) => ({
      ...standingOne,
      id,
      createdAt: now - hours * hour,
      lastActiveAt: now - minutes * minute,
    }))
  const five = live(['a', 5, 1], ['b', 4, 20], ['c', 3, 9], ['d', 2, 9], ['e', 1, 3])
  const six = [...five, ...live(['f', 6, 2])]

  test.each<[string, Session[], Partial<SessionPolicy>, string[]]>([
    ['the first', [], {}, []],
    ['the fifth of five', five.slice(1), {}, []],
    ['the sixth ends the oldest', five, {}, ['a evicted']],
    ['the sixth ends the idlest', five, { limitPolicy: 'evict-idle' }, ['b evicted']],
    ['the seventh, the limit lowered', six, {}, ['f evicted', 'a evicted']],
    [
      'all but one over a lower limit',
      six,
      { limit: 1 },
      [...'fabcde'].map((id) => `${id} evicted`),
    ],
    ['the idlest two', six, { limitPolicy: 'evict-idle' }, ['b evicted', 'c evicted']],
    ['no limit', six, { limit: 0 }, []],
    ['no limit, whatever the policy', six, { limit: 0, limitPolicy: 'reject' }, []],
    ['one at a time', five.slice(0, 1), { limit: 1 }, ['a evicted']],
    ['a hundred', five, { limit: 100, limitPolicy: 'reject' }, []],
    [
      'equally old: by id',
      live(['z', 2], ['a', 2], ['b', 2]),
      { limit: 2 },
      ['a evicted', 'b evicted'],
    ],
    [
      'equally idle: the oldest',
      live(['a', 1], ['b', 3], ['c', 2]),
      { limit: 3, limitPolicy: 'evict-idle' },
      ['b evicted'],
    ],
  ])('%s', (_, sessions, said, ended) => {
    expect(opened(sessions, said)).toEqual([...ended, 'new is new'])
  })

  test.each([
    ['under the limit', five.slice(1), ['new is new']],
    ['at the limit', five, ['session_limit_reached']],
    ['over the limit', six, ['session_limit_reached']],
  ])('where the policy is to reject: %s', (_, sessions, outcome) => {
    expect(opened(sessions, { limitPolicy: 'reject' })).toEqual(outcome)
  })

  test.each<[role: string, said: Partial<SessionPolicy>, ended: string[]]>([
    ['owner', { privilegedLimit: 2 }, ['a evicted', 'b evicted', 'c evicted', 'd evicted']],
    ['admin', { privilegedLimit: 4 }, ['a evicted', 'b evicted']],
    ['member', { privilegedLimit: 2 }, ['a evicted']],
    ['viewer', { privilegedLimit: 0 }, ['a evicted']],
    ['owner', { privilegedLimit: 0 }, []],
    ['owner', { privilegedLimit: 3, limit: 0 }, ['a evicted', 'b evicted', 'c evicted']],
    ['owner', { limit: 4 }, ['a evicted', 'b evicted']],
  ])('of an %s, %j', (role, said, ended) => {
    const shown = { instance, user: { ...ada, role }, live: five, came: undefined }
    const outcome = open(shown, opening, now, { ...policy, ...said })
    const gone = (outcome.ok ? outcome.events : []).map(({ session }) => `${session} evicted`)
    expect([outcome.ok, gone]).toEqual([true, ended])
    const surplus = { opened: 'new', address: '192.0.2.7' }
    const rest = evictSurplus(shown, surplus, now, { ...policy, ...said })
    expect(rest.events.map(({ session }) => `${session} evicted`)).toEqual(ended)
  })

  describe('with a session that came along', () => {
    const a = five[0]
    const bobs: Session = { ...standingOne, id: 'x', userId: 'bob' }
    const ended: Session = { ...standingOne, id: 'x', endedAt: now - 5, endReason: 'revoked' }

    test.each<[string, Session | undefined, Partial<SessionPolicy>, string[]]>([
      ['it goes, and so makes room', a, {}, ['a logout']],
      ['it goes, and so nobody is rejected', a, { limitPolicy: 'reject' }, ['a logout']],
      ['it goes, and then the oldest', a, { limit: 4 }, ['a logout', 'b evicted']],
      ['somebody else’s goes, and makes no room', bobs, {}, ['x logout', 'a evicted']],
      ['one that was ended keeps its reason', ended, {}, ['x revoked', 'a evicted']],
    ])('%s', (_, came, said, gone) => {
      expect(opened(five, said, came)).toEqual([...gone, 'new is new'])
    })

    test('somebody else’s is not ended when the new one is rejected', () => {
      expect(opened(five, { limitPolicy: 'reject' }, bobs)).toEqual(['session_limit_reached'])
    })
  })

  test('whoever is ended is recorded, with who did it and from where', () => {
    const came: Session = { ...standingOne, id: 'x', userId: 'bob' }
    const shown = { instance, user: ada, live: five, came, cameOwner: bob }
    const outcome = open(shown, opening, now, policy)
    expect(outcome.ok && outcome.events).toMatchObject([
      {
        type: 'session.replaced',
        outcome: 'success',
        actor: 'user:ada',
        subject: 'user:bob',
        session: 'x',
        address: '192.0.2.7',
      },
      { type: 'session.evicted', actor: 'user:ada', subject: 'user:ada', session: 'a' },
    ])
  })
})

describe('property: of any live sessions under any policy', () => {
  const session = fc
    .record({ id: fc.nat(30), created: fc.nat(6), active: fc.nat(6) })
    .map(({ id, created, active }): Session => {
      const createdAt = now - hour + created * minute
      return { ...standingOne, id: `${id}`, createdAt, lastActiveAt: createdAt + active * second }
    })
  const sessions = fc.uniqueArray(session, { selector: ({ id }) => id, maxLength: 15 })
  const limits = fc.record({
    limit: fc.oneof(fc.nat(8), fc.nat(100)),
    limitPolicy: fc.constantFrom('evict-oldest' as const, 'evict-idle' as const, 'reject' as const),
  })
  /** One of them, one of somebody else, or none. */
  const bringing = fc.nat(40)
  const brought = (live: readonly Session[], which: number): Session | undefined =>
    which > 30 ? { ...standingOne, id: 'x', userId: 'bob' } : live[which]

  test('the limit is not exceeded, no more go than must, and exactly the right ones', () => {
    fc.assert(
      fc.property(sessions, limits, bringing, (live, said, which) => {
        const came = brought(live, which)
        const done = opened(live, said, came)
        const others = live.filter(({ id }) => id !== came?.id)
        if (said.limitPolicy === 'reject' && said.limit > 0 && others.length >= said.limit) {
          expect(done).toEqual(['session_limit_reached'])
          return
        }
        expect(done.at(-1)).toBe('new is new')
        expect(done.includes(`${came?.id} logout`)).toBe(came !== undefined)

        const gone = others.filter(({ id }) => done.includes(`${id} evicted`))
        const stay = others.filter((other) => !gone.includes(other))
        expect(done).toHaveLength(gone.length + (came ? 2 : 1))
        const room = said.limit === 0 ? Number.POSITIVE_INFINITY : said.limit
        expect(stay.length + 1).toBe(Math.min(others.length + 1, room))

        const rank = ({ createdAt, lastActiveAt, id }: Session) =>
          said.limitPolicy === 'evict-idle' ? [lastActiveAt, createdAt, id] : [createdAt, id]
        for (const one of gone)
          for (const other of stay) expect(isBelow(rank(one), rank(other))).toBe(true)
      }),
    )
  })

  test('the order they are shown in decides nothing', () => {
    const shown = sessions.chain((live) =>
      fc.tuple(
        fc.constant(live),
        fc.shuffledSubarray(live, { minLength: live.length, maxLength: live.length }),
      ),
    )
    fc.assert(
      fc.property(shown, limits, ([live, shuffled], said) => {
        expect(opened(shuffled, said)).toEqual(opened(live, said))
      }),
    )
  })

  test('every session that is ended is recorded once, and nothing else is', () => {
    fc.assert(
      fc.property(sessions, limits, bringing, (live, said, which) => {
        const came = brought(live, which)
        const shown = { instance, user: ada, live, came, cameOwner: bob }
        const outcome = open(shown, opening, now, { ...policy, ...said })
        fc.pre(outcome.ok)
        const ended = opened(live, said, came)
          .slice(0, -1)
          .map((one) => one.split(' ')[0])
        expect(outcome.events.map((one) => one.session)).toEqual(ended)
      }),
    )
  })
})

/** Compares lists of one length, piece by piece from the left. */
function isBelow(a: readonly (number | string)[], b: readonly (number | string)[]): boolean {
  const at = a.findIndex((piece, place) => piece !== b[place])
  const [left, right] = [a[at], b[at]]
  return left !== undefined && right !== undefined && left < right
}

/** The session opened for a person of `role`. */
function fresh(
  role: string,
  said: Partial<SessionPolicy> = {},
  more: Partial<Opening> = {},
): Session {
  const user = { ...ada, role }
  const shown = { instance, user, live: [], came: undefined }
  const outcome = open(shown, { ...opening, ...more }, now, { ...policy, ...said })
  if (!outcome.ok) throw new Error(outcome.code)
  return outcome.session
}

describe('a new session', () => {
  test('holds who, since when, until when and from where', () => {
    expect(fresh('member')).toEqual({
      id: 'new',
      userId: 'ada',
      userVersion: 3,
      epoch: 4,
      kind: 'full',
      createdAt: 1_800_000_000_000,
      lastActiveAt: 1_800_000_000_000,
      idleUntil: 1_800_001_800_000,
      idleFor: 1_800_000,
      expiresAt: 1_800_043_200_000,
      remembered: 0,
      address: '192.0.2.7',
      userAgent: 'Browser/2',
      endedAt: null,
      endReason: null,
      replacedAt: null,
      provenAt: 1_800_000_000_000,
      generation: 0,
      digest: null,
      previousDigest: null,
      rotationSalt: null,
      rotationKey: null,
      rotatedAt: null,
    })
  })

  test.each([
    ['owner', false, false, 15 * minute, 8 * hour, 0],
    ['admin', false, false, 15 * minute, 8 * hour, 0],
    ['owner', true, true, 15 * minute, 8 * hour, 0],
    ['admin', true, true, 15 * minute, 8 * hour, 0],
    ['member', false, true, 30 * minute, 12 * hour, 0],
    ['member', true, false, 30 * minute, 12 * hour, 0],
    ['member', true, true, 7 * day, 30 * day, 1],
    ['viewer', false, false, 30 * minute, 12 * hour, 0],
    ['viewer', true, true, 7 * day, 30 * day, 1],
    ['auditor', true, true, 7 * day, 30 * day, 1],
  ])(
    'of %s who asks to be remembered: %j, where that is allowed: %j',
    (role, asks, allowed, ...is) => {
      const { idleFor, expiresAt, remembered } = fresh(
        role,
        { remember: allowed },
        { remember: asks },
      )
      expect([idleFor, expiresAt - now, remembered]).toEqual(is)
    },
  )

  test('an idle time longer than the rest of the session ends with it', () => {
    const session = fresh('member', { idle: 30 * day, absolute: 5 * minute })
    expect([session.idleUntil, session.expiresAt]).toEqual([now + 5 * minute, now + 5 * minute])
  })

  test('is restricted while the password must be changed', () => {
    const user: User = { ...ada, mustChangePassword: 1 }
    const outcome = open({ instance, user, live: [], came: undefined }, opening, now, policy)
    expect(outcome.ok && outcome.session.kind).toBe('restricted')
  })

  test.each([
    [511, 511],
    [512, 512],
    [513, 512],
    [16_384, 512],
  ])('of a user agent of %d characters keeps %d', (sent, kept) => {
    expect(fresh('member', {}, { userAgent: 'x'.repeat(sent) }).userAgent).toBe('x'.repeat(kept))
  })
})

describe('whether a session stands', () => {
  const said = (
    session: Partial<Session> | undefined,
    user: Partial<User> | undefined = {},
    epoch = 4,
    at = now,
  ): string => {
    const refusal = standing(
      session && { ...standingOne, ...session },
      user && { ...ada, ...user },
      { ...instance, epoch },
      at,
    )
    return refusal ? [refusal.code, refusal.reason ?? refusal.why].join(' ') : 'stands'
  }

  const disabledThenChanged = [
    [4, now - 2, 'user_disabled'],
    [5, now - 1, 'password_changed'],
  ]

  test('it does', () => {
    expect(said({})).toBe('stands')
    expect(said({ kind: 'restricted' })).toBe('stands')
  })

  test('not without its row, nor without its person', () => {
    expect(said(undefined)).toBe('session_expired no such session')
    expect(standing(standingOne, undefined, instance, now)?.code).toBe('session_expired')
    expect(standing(undefined, undefined, instance, now)?.code).toBe('session_expired')
  })

  test.each<EndReason>([
    'logout',
    'revoked',
    'evicted',
    'password_changed',
    'user_disabled',
    'replay',
    'restored',
  ])('not when it was ended: %s, whatever else happened since', (endReason) => {
    const ended = { endedAt: now - 1, endReason }
    expect(said(ended)).toBe(`session_revoked ${endReason}`)
    expect(said(ended, { disabledAt: now, version: 9 }, 9)).toBe(`session_revoked ${endReason}`)
    expect(said(ended, {}, 4, now + 90 * day)).toBe(`session_revoked ${endReason}`)
  })

  test.each<[string, Partial<User>, number, string]>([
    ['of an earlier epoch', {}, 5, 'session_revoked restored'],
    ['of a later epoch', {}, 3, 'session_revoked restored'],
    ['of somebody disabled', { disabledAt: now - 1 }, 4, 'session_revoked user_disabled'],
    ['of somebody disabled at instant 0', { disabledAt: 0 }, 4, 'session_revoked user_disabled'],
    ['of somebody who is gone', { deletedAt: now }, 4, 'session_revoked user_disabled'],
    ['of an older version', { version: 4 }, 4, 'session_revoked password_changed'],
    ['of a newer version', { version: 2 }, 4, 'session_revoked password_changed'],
    [
      'of a person disabled since, who was enabled and has another password',
      { version: 5, endings: JSON.stringify([[3, 1, 'password_changed'], ...disabledThenChanged]) },
      4,
      'session_revoked user_disabled',
    ],
    ['of somebody who now has another role', { role: 'viewer' }, 4, 'stands'],
  ])('one %s', (_, user, epoch, outcome) => {
    expect(said({}, user, epoch)).toBe(outcome)
  })

  const idled = now + 29 * minute
  test.each<[string, number, number, string]>([
    [
      'was still alive is told for as long as it is kept',
      idled - 1,
      35 * hour,
      'session_revoked user_disabled',
    ],
    ['had idled out is told of that', idled, 29 * minute, 'session_expired idle'],
    ['was alive is told before its very end', now, 11 * hour, 'session_revoked user_disabled'],
  ])('what ended while it %s', (_, ended, after, outcome) => {
    const user = { version: 4, endings: JSON.stringify([[4, ended, 'user_disabled']]) }
    expect(said({}, user, 4, now + after)).toBe(outcome)
    expect(said({}, { ...user, disabledAt: ended }, 4, now + after)).toBe(outcome)
  })

  test('of an earlier epoch it is told so, also after its end', () => {
    expect(said({}, {}, 5, now + 35 * hour)).toBe('session_revoked restored')
  })

  test.each([
    ['a millisecond before it idles out', 29 * minute - 1, 'stands'],
    ['as it idles out', 29 * minute, 'session_expired idle'],
    ['a millisecond before its absolute end', 11 * hour - 1, 'session_expired idle'],
    ['at its absolute end', 11 * hour, 'session_expired absolute'],
    ['a day later', 35 * hour, 'session_expired absolute'],
  ])('%s', (_, after, outcome) => {
    expect(said({}, {}, 4, now + after)).toBe(outcome)
  })
})

/** Any policy that may be said, in whole seconds. */
const lengths = ({ min, max }: { min: number; max: number }) =>
  fc.integer({ min: min / second, max: max / second }).map((seconds) => seconds * second)
const policies: fc.Arbitrary<SessionPolicy> = fc.record({
  limit: fc.nat(100),
  privilegedLimit: fc.option(fc.nat(100), { nil: undefined }),
  limitPolicy: fc.constantFrom('evict-oldest', 'evict-idle', 'reject'),
  accessLifetime: lengths(sessionSettings.accessLifetime),
  idle: lengths(sessionSettings.idle),
  absolute: lengths(sessionSettings.absolute),
  privilegedIdle: lengths(sessionSettings.privilegedIdle),
  privilegedAbsolute: lengths(sessionSettings.privilegedAbsolute),
  remember: fc.boolean(),
  rememberedIdle: lengths(sessionSettings.rememberedIdle),
  rememberedAbsolute: lengths(sessionSettings.rememberedAbsolute),
})
const role = fc.constantFrom('owner', 'admin', 'member', 'viewer')

test('property: what is opened stands now, and is over at its limits to the millisecond', () => {
  fc.assert(
    fc.property(policies, role, fc.boolean(), (any, of, remember) => {
      const session = fresh(of, any, { remember })
      const at = (instant: number) => standing(session, ada, instance, instant)
      const { idleUntil, expiresAt } = session
      expect(now < idleUntil && idleUntil <= expiresAt).toBe(true)
      expect(at(now)).toBeUndefined()
      expect(at(idleUntil - 1)).toBeUndefined()
      expect(at(idleUntil)?.code).toBe('session_expired')
      expect(at(expiresAt)).toMatchObject({ code: 'session_expired', why: 'absolute' })
      expect(expiresAt - now).toBeLessThanOrEqual(
        Math.max(any.absolute, any.privilegedAbsolute, any.rememberedAbsolute),
      )
    }),
  )
})

describe('touching', () => {
  /** Ten hours into twelve, last active now. */
  const session: Session = {
    ...standingOne,
    lastActiveAt: now,
    idleUntil: now + 30 * minute,
    expiresAt: now + 2 * hour,
  }

  test.each<[string, Partial<Session>, number, number | undefined]>([
    ['at once', {}, 0, undefined],
    ['at a minute', {}, 60_000, undefined],
    ['after a minute', {}, 60_001, 60_001 + 1_800_000],
    ['with a clock that went back', {}, -hour, undefined],
    ['of four minutes, at a minute', { idleFor: 4 * minute }, 60_000, undefined],
    ['of four minutes, after a minute', { idleFor: 4 * minute }, 60_001, 60_001 + 240_000],
    ['of two minutes, at half a minute', { idleFor: 2 * minute }, 30_000, undefined],
    ['of two minutes, after half a minute', { idleFor: 2 * minute }, 30_001, 30_001 + 120_000],
    ['of one minute, at a quarter of it', { idleFor: minute }, 15_000, undefined],
    ['of one minute, after a quarter of it', { idleFor: minute }, 15_001, 15_001 + 60_000],
    ['close to the absolute end', { expiresAt: now + 20 * minute }, 61_000, 1_200_000],
  ])('%s', (_, more, after, idleUntil) => {
    const moved = touch({ ...session, ...more }, now + after)
    expect(moved && moved.idleUntil - now).toBe(idleUntil)
  })

  test('moves two instants and nothing else', () => {
    expect(touch(session, now + 2 * minute)).toEqual({
      ...session,
      lastActiveAt: now + 2 * minute,
      idleUntil: now + 32 * minute,
    })
  })

  /** Pauses between requests, each some share of the idle time. */
  const pauses = fc.array(fc.double({ min: 0, max: 1, noNaN: true }), { maxLength: 30 })

  test('property: never past the absolute limit, never earlier than before, never twice at once', () => {
    fc.assert(
      fc.property(policies, role, pauses, (any, of, shares) => {
        let session = fresh(of, { ...any, remember: true }, { remember: true })
        let at = now
        for (const share of shares) {
          at += Math.floor(share * session.idleFor)
          if (standing(session, ada, instance, at)) break
          const moved = touch(session, at)
          if (!moved) continue
          expect(moved.idleUntil).toBeLessThanOrEqual(session.expiresAt)
          expect(moved.idleUntil).toBeGreaterThanOrEqual(session.idleUntil)
          expect(moved.expiresAt).toBe(session.expiresAt)
          expect(standing(moved, ada, instance, at)).toBeUndefined()
          expect(touch(moved, at)).toBeUndefined()
          session = moved
        }
      }),
    )
  })

  test('property: whoever comes back within three quarters of the idle time stays to the end', () => {
    // Half of them within the quarter in which nothing is written.
    const share = fc.oneof(
      fc.double({ min: 0, max: 0.25, noNaN: true }),
      fc.double({ min: 0.25, max: 0.75, maxExcluded: true, noNaN: true }),
    )
    fc.assert(
      fc.property(policies, role, fc.array(share, { minLength: 5 }), (any, of, shares) => {
        let session = fresh(of, any)
        let at = now
        for (const share of shares) {
          at += Math.floor(share * session.idleFor)
          if (at >= session.expiresAt) break
          expect(standing(session, ada, instance, at)).toBeUndefined()
          session = touch(session, at) ?? session
        }
      }),
    )
  })
})

test('ending keeps the row and says when and why', () => {
  expect(end(standingOne, 'revoked', now)).toEqual({
    kind: 'sessions',
    keep: { ...standingOne, endedAt: now, endReason: 'revoked' },
  })
})

describe('what counts towards the limit', () => {
  test.each([
    ['of an earlier epoch', { epoch: instance.epoch - 1 }],
    ['of an earlier version of the person', { userVersion: ada.version - 1 }],
  ])('not those %s, although nobody ended them', (_, more) => {
    const rejecting = { ...policy, limitPolicy: 'reject' as const }
    const live = Array.from({ length: 5 }, (_, n) => ({ ...standingOne, id: `void${n}`, ...more }))
    const shown = { instance, user: ada, live, came: undefined }
    expect(open(shown, opening, now, rejecting).ok).toBe(true)
    const good = { ...standingOne, id: 'good' }
    const evicting = open({ ...shown, live: [good, ...live] }, opening, now, policy)
    expect(evicting.ok && evicting.events).toEqual([])
  })
})

test.each([
  ['ended', { endedAt: now - 1, endReason: 'evicted' as const }],
  ['idled out', { idleUntil: now }],
  ['at its absolute limit', { expiresAt: now }],
  ['over with its owner’s password', { userVersion: ada.version - 1 }],
  ['of an earlier epoch', { epoch: instance.epoch - 1 }],
  ['of somebody who is disabled', { userId: 'carl' }],
  ['of nobody', { userId: 'gone' }],
])('what came %s keeps how it ended, and is known to be replaced', (_, more) => {
  const came = { ...standingOne, ...more }
  const carl = { ...ada, id: 'carl', disabledAt: now - 1 }
  const cameOwner = came.userId === 'carl' ? carl : undefined
  const shown = { instance, user: ada, live: [], came, cameOwner }
  const opened = open(shown, opening, now, policy)
  expect(opened.ok && opened.events).toEqual([])
  expect(opened.ok && opened.changes).toMatchObject([
    { kind: 'sessions', keep: { ...came, replacedAt: now } },
    { kind: 'sessions', keep: { id: 'new' } },
  ])
  expect(touch(came, now + day)).toBeUndefined()
})
