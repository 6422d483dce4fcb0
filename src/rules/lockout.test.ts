import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Attempts } from './facts.ts'
import {
  addressesIn,
  type Charge,
  carried,
  charge,
  emptyBucket,
  type Line,
  linesOf,
  lockoutSettings,
  staleAt,
  takeBack,
  waitOf,
} from './lockout.ts'
import { settle } from './settle.ts'
import { day, hour, minute, second } from './time.ts'

const { policy } = settle(lockoutSettings, [])
const lines = linesOf(policy)

/** Charges a guess at each minute and says what became of it. */
function told(
  minutes: readonly number[],
  line: Line = lines.name,
  username: string | null = 'ada',
) {
  let kept: Attempts | undefined
  return minutes.map((at) => {
    const done = charge(kept, { id: 'name:x', username }, line, at * minute)
    if (done.kind === 'resting') return `rests until ${at + done.wait / minute}`
    kept = done.kept
    return done.charge.fills ? `fills until ${kept.restsUntil / minute}` : 'goes'
  })
}

const ten = Array<number>(10).fill(0)
const tenAt = (at: number) => Array<number>(10).fill(at)
const days = (count: number) => count * 24 * 60

describe('a name', () => {
  test.each([
    ['nine guesses and a pause go', [...ten.slice(1), 15], 'goes'],
    ['the tenth is let in, and fills it', ten, 'fills until 15'],
    ['the eleventh rests', [...ten, 0], 'rests until 15'],
    ['what remains is told, not the whole rest', [...ten, 12], 'rests until 15'],
    ['hammering does not lengthen it', [...ten, 5, 10, 14, 14], 'rests until 15'],
    ['the rest ends to the minute', [...ten, 15], 'goes'],
    ['old failures do not count after it', [...ten, ...tenAt(15).slice(1)], 'goes'],
    ['the tenth after it fills it again', [...ten, ...tenAt(15)], 'fills until 45'],
    ['the second rest is twice as long', [...ten, ...tenAt(15), 44], 'rests until 45'],
    ['the third is an hour', [...ten, ...tenAt(15), ...tenAt(45)], 'fills until 105'],
    ['no rest is longer', [...ten, ...tenAt(15), ...tenAt(45), ...tenAt(105)], 'fills until 165'],
    ['a window is counted from its first guess', [...ten.slice(1), 14], 'fills until 29'],
    [
      'a quiet week makes the next rest a first one',
      [...ten, ...tenAt(30 + days(7))],
      `fills until ${45 + days(7)}`,
    ],
    ['a day does not', [...ten, ...tenAt(days(1))], `fills until ${30 + days(1)}`],
  ])('%s', (_, minutes, last) => {
    expect(told(minutes).at(-1)).toBe(last)
  })

  test('is full for good after a hundred failures in a row, over any number of days', () => {
    const minutes = Array.from({ length: 100 }, (_, n) => n * 60 * 5)
    const all = told(minutes)
    expect(all.slice(0, 99)).toEqual(Array(99).fill('goes'))
    expect(all[99]).toMatch(/^fills/)
    const last = minutes[99] ?? 0
    for (const later of [1, 60, days(30), days(3_000)])
      expect(told([...minutes, last + later]).at(-1)).toBe(`rests until ${last + later + 60}`)
  })

  test('that is nobody’s is treated and remembered the same', () => {
    const minutes = [...ten, ...tenAt(15), 16, 45, ...tenAt(46), 100]
    expect(told(minutes, lines.name, null)).toEqual(told(minutes, lines.name, 'ada'))
    for (const failures of [1, 2, 51, 52, 99, 100]) {
      const of = (username: string | null) => {
        const failed = { ...emptyBucket('name:x'), username, count: 1, failures }
        return staleAt(failed, lines.name)
      }
      expect(of(null)).toBe(of('ada'))
    }
  })

  test.each([
    [1, 7],
    [2, 14],
    [52, 364],
    [53, 365],
    [99, 365],
  ])('%i failures in a row are remembered for %i days', (failures, remembered) => {
    const failed = { ...emptyBucket('name:x'), count: 1, since: 5, failures }
    expect(staleAt(failed, lines.name)).toBe(5 + 15 * minute + remembered * day)
  })

  test('a hundred are, until somebody opens it', () => {
    const failed = { ...emptyBucket('name:x'), count: 1, since: 5, failures: 100 }
    expect(new Date(staleAt(failed, lines.name)).getUTCFullYear()).toBe(275_760)
  })

  test('counts from how many addresses it was guessed, up to a hundred', () => {
    let kept: Attempts | undefined
    for (let n = 0; n < 150; n++) {
      const given = { id: 'name:x', username: 'ada', address: `192.0.2.${Math.floor(n / 2)}` }
      const done = charge(kept, given, { ...lines.name, threshold: 1_000, consecutive: 1_000 }, n)
      if (done.kind === 'charged') kept = done.kept
    }
    expect(kept && addressesIn(kept)).toBe(75)
    const many = { ...lines.name, threshold: 1_000, consecutive: 1_000 }
    for (let n = 0; n < 150; n++) {
      const done = charge(
        kept,
        { id: 'name:x', username: 'ada', address: `2001:db8:${n}::/64` },
        many,
        n,
      )
      if (done.kind === 'charged') kept = done.kept
    }
    expect(kept && addressesIn(kept)).toBe(100)
  })
})

describe('other buckets', () => {
  test('an address takes thirty and always rests for the same time', () => {
    const thirty = (at: number) => Array<number>(30).fill(at)
    expect(told(thirty(0), lines.address).at(-1)).toBe('fills until 15')
    expect(told([...thirty(0), ...thirty(15)], lines.address).at(-1)).toBe('fills until 30')
  })

  test('a device that is full stays so for as long as it would have been trusted', () => {
    const all = told([...Array.from({ length: 10 }, (_, n) => days(n)), days(179)], lines.device)
    expect(all.slice(0, 9)).toEqual(Array(9).fill('goes'))
    expect(all[9]).toMatch(/^fills/)
    expect(all[10]).toMatch(/^rests/)
  })
})

describe('what is taken back', () => {
  /** Charges `count` guesses at one moment. */
  function charged(count: number, line: Line) {
    let kept: Attempts | undefined
    const charges: Charge[] = []
    for (let n = 0; n < count; n++) {
      const done = charge(kept, { id: 'x' }, line, 1)
      if (done.kind !== 'charged') break
      kept = done.kept
      charges.push(done.charge)
    }
    return { kept, charges }
  }

  test('is one guess, and a rest that begins with it', () => {
    const { kept, charges } = charged(30, lines.address)
    expect([kept?.count, waitOf(kept, lines.address, 1)]).toEqual([30, 15 * minute])
    const after = takeBack(kept, charges[29] as Charge, lines.address)
    expect(after).toMatchObject({ count: 29, failures: 29, rests: 0, restsUntil: 0 })
    expect(waitOf(after, lines.address, 1)).toBe(0)
    // Whoever was charged before the one that filled it lifts it as well.
    expect(takeBack(kept, charges[3] as Charge, lines.address)).toEqual(after)
  })

  test('is nothing once the window has passed', () => {
    const { kept, charges } = charged(3, lines.address)
    const next = charge(kept, { id: 'x' }, lines.address, hour)
    expect(next.kind).toBe('charged')
    if (next.kind === 'charged')
      expect(takeBack(next.kept, charges[0] as Charge, lines.address)).toBeUndefined()
    expect(takeBack(undefined, charges[0] as Charge, lines.address)).toBeUndefined()
  })
})

/** A guess that is charged, then right, wrong or not looked at, with a pause before each. */
const history = fc.array(
  fc.record({
    pause: fc.oneof(fc.nat(20 * second), fc.nat(2 * hour)),
    busy: fc.boolean(),
  }),
  { maxLength: 400 },
)

test('property: in no window are more guesses let in than the threshold, whatever is taken back', () => {
  fc.assert(
    fc.property(history, fc.integer({ min: 1, max: 20 }), (guesses, threshold) => {
      const line = { ...lines.name, threshold }
      let kept: Attempts | undefined
      let now = 1
      const evaluated: number[] = []
      let failures = 0
      for (const { pause, busy } of guesses) {
        now += pause
        const before = kept
        const done = charge(kept, { id: 'x', username: 'ada' }, line, now)
        if (done.kind === 'resting') {
          expect(done.wait).toBeGreaterThan(0)
          expect(done.wait).toBeLessThanOrEqual(line.longest)
          expect(before && (now < before.restsUntil || before.failures >= line.consecutive)).toBe(
            true,
          )
          continue
        }
        kept = done.kept
        expect(kept.staleAt).toBeGreaterThan(kept.restsUntil)
        if (busy) kept = takeBack(kept, done.charge, line)
        else {
          evaluated.push(now)
          failures += 1
        }
      }
      // Two windows may touch; no rest lies between them, so each holds less than the threshold.
      for (const from of evaluated) {
        const within = evaluated.filter((at) => at >= from && at < from + line.duration)
        expect(within.length).toBeLessThanOrEqual(Math.max(2 * threshold - 2, threshold))
      }
      expect(failures).toBeLessThanOrEqual(line.consecutive)
    }),
  )
})

test('property: what went stale decides as if it had been removed', () => {
  fc.assert(
    fc.property(fc.nat(40), fc.nat(2 * 365 * day), fc.boolean(), (count, pause, known) => {
      let kept: Attempts | undefined
      const given = { id: 'x', username: known ? 'ada' : null }
      for (let n = 0; n < count; n++) {
        const done = charge(kept, given, lines.name, 1 + n * second)
        if (done.kind === 'charged') kept = done.kept
      }
      const now = 1 + pause
      fc.pre(kept !== undefined && now >= kept.staleAt)
      expect(charge(kept, given, lines.name, now)).toEqual(
        charge(undefined, given, lines.name, now),
      )
    }),
  )
})

describe('a bucket that is named anew', () => {
  const bucket = (id: string, over: Partial<Attempts> = {}): Attempts => {
    const done = charge(undefined, { id, username: 'ada' }, lines.name, 0)
    if (done.kind === 'resting') throw new Error('an empty bucket rests')
    return { ...done.kept, ...over }
  }

  test('is the same under another name', () => {
    const older = bucket('name:old', { count: 9, failures: 42, rests: 2, restsUntil: 7 })
    expect(carried(older, undefined, 'name:new')).toEqual({ ...older, id: 'name:new' })
  })

  test('takes what was charged to both, and rests as long as either', () => {
    const older = bucket('name:old', {
      since: 5,
      count: 4,
      failures: 40,
      restsUntil: 90,
      staleAt: 9,
    })
    const current = bucket('name:new', { since: 3, count: 5, failures: 2, rests: 1, staleAt: 10 })
    const both = { count: 9, failures: 42, rests: 1, restsUntil: 90, staleAt: 10, since: 5 }
    expect(carried(older, current, 'name:new')).toMatchObject({ id: 'name:new', ...both })
    expect(carried(current, older, 'name:new')).toMatchObject({ id: 'name:new', ...both })
  })

  test('property: guesses before and after a rotation fill it as they would have without one', () => {
    fc.assert(
      fc.property(
        fc.array(fc.nat({ max: 12 * 60 }), { maxLength: 60 }),
        fc.nat({ max: 60 }),
        (gaps, rotated) => {
          let at = 0
          let plain: Attempts | undefined
          let turned: Attempts | undefined
          gaps.forEach((gap, index) => {
            at += gap * minute
            if (index === rotated && turned) turned = carried(turned, undefined, 'name:new')
            const given = { id: 'name:x', username: 'ada' }
            const [one, other] = [plain, turned].map((kept) => charge(kept, given, lines.name, at))
            expect(other?.kind === 'resting' ? other.wait : other?.charge.fills).toEqual(
              one?.kind === 'resting' ? one.wait : one?.charge.fills,
            )
            if (one?.kind === 'charged') plain = one.kept
            if (other?.kind === 'charged') turned = other.kept
          })
        },
      ),
    )
  })
})
