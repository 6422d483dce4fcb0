/**
 * Load (`security.md` D.3: F9, F10, F11; FAULT-10): people who use the server, on the two cores that they
 * are made up on too, alone and beside everything that wears a server out. `npm run campaign -- load`,
 * `hostile` and `soak` do it as hard and as long as the design asks for, or for so many `MINUTES`.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { reported } from './campaigns/report.ts'
import { type Crowd, crowd } from './load/crowd.ts'
import type { Rates } from './load/honest.ts'
import type { Told } from './load/paced.ts'
import { altered } from './server/altered.ts'
import { places } from './server/pair.ts'

const campaign = process.env.CAMPAIGN
const minutes = (usual: number) => Number(process.env.MINUTES ?? usual)
const whole: Rates = { check: 800, refresh: 120, signIn: 10 }
const part = (share: number): Rates => ({
  check: whole.check * share,
  refresh: whole.refresh * share,
  signIn: whole.signIn * share,
})
/** Enough that none of them passes a limit. */
const holders = 320

const forms = [
  ['SQLite', places['one SQLite file']],
  ['PostgreSQL', places['one PostgreSQL']],
] as const

type All = Record<keyof Rates, Told>

const countsOf = (all: All) =>
  Object.fromEntries(
    Object.entries(all).flatMap(([kind, { offered, statuses, p50, p99 }]) => [
      [kind, offered],
      [`${kind}: other than 200`, offered - (statuses[200] ?? 0)],
      [`${kind}: p50 / p99, ms`, `${p50} / ${p99}`],
    ]),
  )

const late = (all: All, most: Readonly<Record<string, number>>): string[] =>
  Object.entries(all).flatMap(([kind, { p99 }]) =>
    p99 > (most[kind] ?? Infinity) ? [`${kind}: p99 ${p99} ms`] : [],
  )

/** Answers other than 200, none among them. */
const wrong = (all: All, share = 0.0001): string[] =>
  Object.entries(all).flatMap(([kind, { offered, statuses }]) =>
    offered - (statuses[200] ?? 0) > offered * share
      ? [`${kind}: ${JSON.stringify(statuses)}`]
      : [],
  )

if (campaign === 'load')
  describe.each(forms)('on %s', (name, place) => {
    test('F9: checks, renewals and sign-ins for half an hour, then until it is full', {
      timeout: minutes(30) * 60_000 + 600_000,
    }, async () => {
      const at = await crowd(place, holders)
      await at.honest(part(0.5), 5)
      const before = at.costs()
      const seconds = minutes(30) * 60
      const told = await at.honest(whole, seconds)
      const cpu = (at.costs().cpu - before.cpu) / seconds
      const most = await steps(at)
      const violations = [...wrong(told), ...late(told, { check: 25, refresh: 100, signIn: 500 })]
      const counts = {
        minutes: minutes(30),
        ...countsOf(told),
        'cores used': cpu.toFixed(2),
        ...most,
      }
      reported(
        `${whole.check} checks, ${whole.refresh} renewals, ${whole.signIn} sign-ins a second, ${name}`,
        {
          counts,
          violations,
        },
      )
      expect(violations).toEqual([])
    })
  })

/** More and more of the same, until a deadline is not kept. @returns The last that was. */
async function steps(at: Crowd): Promise<Record<string, string>> {
  let most = 'none'
  for (let share = 1.5; share < 20; share += 0.5) {
    const rates = part(share)
    // The renewals of a session are limited, and those who sign in wait for as many hashes.
    const told = await at.honest({ ...rates, refresh: whole.refresh, signIn: whole.signIn }, 10)
    if (wrong(told, 0.01).length > 0 || late(told, { check: 25 }).length > 0) break
    most = `${rates.check}`
  }
  return { 'most checks a second': most }
}

/**
 * MiB besides what it took before: a password's worth for the thread that hashes, and what lies in the heap
 * until it is collected: V8 lets that grow with the machine. On one of 24 GiB 210 came on top, and hardly any was in use.
 */
const room = 19 + 350

if (campaign === 'hostile')
  describe.each(forms)('on %s', (name, place) => {
    test('F10, FAULT-10: half of that beside a thousand guesses a second, and all else that wears it out', {
      timeout: minutes(15) * 60_000 + 600_000,
    }, async () => {
      const at = await crowd(place, holders)
      await at.honest(part(0.5), 10)
      const seconds = minutes(15) * 60
      const { told, harm, rss } = await beset(at, part(0.5), seconds, {
        ...{ guesses: 1_000, slow: 200, silent: 1_000, heavy: 5 },
      })
      const violations = [
        ...wrong(told),
        ...late(told, { check: 250, refresh: 250 }),
        ...(rss > room ? [`RSS: ${Math.round(rss)} MiB more`] : []),
      ]
      const counts = {
        ...{ minutes: minutes(15), ...countsOf(told), 'RSS, MiB more': Math.round(rss) },
        hostile: JSON.stringify(harm),
      }
      reported(`beside hostile load, ${name}`, { counts, violations })
      expect(violations).toEqual([])
    })
  })

type How = Omit<Parameters<Crowd['hostile']>[0], 'seconds'>

/** @returns What became of both, and how many MiB the server took on top. */
async function beset(at: Crowd, rates: Rates, seconds: number, how: How) {
  const before = at.costs()
  let most = before.rss
  const looking = setInterval(() => {
    most = Math.max(most, at.costs().rss)
  }, 1_000)
  try {
    const harm = at.hostile({ ...how, seconds })
    const told = await at.honest(rates, seconds)
    return { told, harm: await harm, rss: most - before.rss }
  } finally {
    clearInterval(looking)
  }
}

if (campaign === 'soak')
  describe.each(forms)('on %s', (name, place) => {
    test('F11: a third of it for as long as a night', {
      timeout: minutes(480) * 60_000 + 600_000,
    }, async () => {
      const at = await crowd(place, holders)
      await at.honest(part(0.3), 60)
      const steps = 10
      const rss: number[] = []
      const violations: string[] = []
      let last: All | undefined
      for (let n = 0; n < steps; n++) {
        last = await at.honest(part(0.3), (minutes(480) * 60) / steps)
        violations.push(...wrong(last))
        rss.push(Math.round(at.costs().rss))
      }
      const counts = {
        minutes: minutes(480),
        ...(last && countsOf(last)),
        'RSS, MiB': rss.join(' '),
      }
      reported(`a third of the load, ${name}`, { counts, violations })
      expect(violations).toEqual([])
    })
  })

if (campaign === undefined) {
  const few: Rates = { check: 50, refresh: 2, signIn: 5 }
  // Far more than one thread hashes.
  const narrow = { SALLYPORT_HASHING_QUEUE: '8', SALLYPORT_HASHING_WORKERS: '1' }
  const flood = { guesses: 400, slow: 20, silent: 50, heavy: 2 }

  describe.each(forms)('on %s', (_, place) => {
    test('FAULT-10: beside a flood of guesses and connections whoever is signed in is answered, and nobody locked out', {
      timeout: 60_000,
    }, async () => {
      const at = await crowd(place, 6, narrow)
      const { told, harm, rss } = await beset(at, few, 2, flood)
      expect(wrong(told, 0)).toEqual([])
      // There was a flood: some were heard, the others told that there is no room.
      expect(harm['guess: 401']).toBeGreaterThan(0)
      expect(harm['guess: 503']).toBeGreaterThan(0)
      expect(harm).toMatchObject({
        '1 MB: 413': 4,
        'names: 422': 4,
      })
      expect(rss).toBeLessThan(room)
    })
  })

  test('and in one queue with strangers they would be', { timeout: 60_000 }, async () => {
    const more = altered('lets everybody wait alike')
    const at = await crowd(places['one SQLite file'], 6, { ...narrow, ...more })
    const { told } = await beset(at, few, 2, flood)
    expect(told.signIn.statuses).toHaveProperty('503')
  })
}
