/**
 * `kill -9` under a mixed load (FAULT-01, `security.md` D.3 F1): one of one or two servers dies at any
 * moment, is started again, and everybody goes on from what was last answered. `npm run campaign --
 * kills` does it as often as the design asks for.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { reported } from './campaigns/report.ts'
import { lookAt, lookAtRows } from './faults/after-kill.ts'
import { drive, type Load, loadOn } from './faults/mixed-load.ts'
import { everything } from './gate/witness.ts'
import { altered } from './server/altered.ts'
import { password } from './server/browser.ts'
import { command } from './server/command.ts'
import { type Fleet, fleet, type Place, places } from './server/pair.ts'

const campaign = process.env.CAMPAIGN === 'kills'
const sqlite = places['one SQLite file']
const postgres = places['one PostgreSQL']
/** Where there is less time than that takes. */
const minutes = Number(process.env.MINUTES ?? 600)
const people = campaign ? 8 : 4

const env = {
  SALLYPORT_SESSION_LIMIT: '0',
  // Cookies of sessions that ended are tried for as long as the campaign lasts.
  SALLYPORT_SESSION_ACCESS_LIFETIME: '2h',
  SALLYPORT_STEP_UP_WINDOW: '2h',
  // A busy machine takes its time to start a server.
  SALLYPORT_REFRESH_LEEWAY: '60s',
  SALLYPORT_SOCKET_PER_SESSION: '1000',
  // A kill leaves guesses that were charged and not settled.
  SALLYPORT_LOCKOUT_THRESHOLD: '100',
  SALLYPORT_LOCKOUT_PER_ADDRESS: '100000',
}

const sum = (all: Load['done']) => Object.values(all).reduce((one, more) => one + more, 0)

/** Kills and starts again, `rounds` times. */
async function killed(some: Fleet, load: Load, rounds: number): Promise<number> {
  let done = 0
  const until = performance.now() + minutes * 60_000
  // A kill that cut nobody off shows nothing.
  const goesOn = () => (done < rounds && performance.now() < until) || sum(load.cut) === 0
  for (; goesOn() && load.violations.length === 0; done++) {
    const victim = Math.floor(Math.random() * some.nodes.length)
    let over = false
    const driven = drive(some, load, () => over)
    await pause(5 + 495 * Math.random())
    await some.nodes[victim]?.kill()
    over = true
    await driven
    for (const at of some.nodes.keys()) if (at !== victim) await lookAt(some, load, at)
    await some.again(victim)
    await lookAt(some, load, victim)
    await lookAtRows(some, load)
    // What was ended long ago has been looked at after several kills.
    for (const person of load.people) {
      person.ended = person.ended.slice(-6)
      person.tickets = person.tickets.slice(-3)
    }
  }
  return done
}

/** Nothing that lets anybody in is kept or told as it is. */
async function lookForSecrets(some: Fleet, { people, violations }: Load): Promise<void> {
  const kept = await everything(some.query)
  const told = some.nodes.flatMap(({ stdout, stderr }) => [...stdout, ...stderr])
  const text = `${kept}\n${told.filter((line) => !line.startsWith('Claim this')).join('\n')}`
  const secrets = people.flatMap((person) => [
    ...[password, person.password, ...person.tickets.map((ticket) => ticket.text)],
    ...[...person.held, ...person.ended].flatMap(({ jar }) =>
      [...jar].flatMap(([, value]) => [value, value.split('.').at(-1) ?? value]),
    ),
  ])
  for (const one of new Set(secrets))
    if (one.length > 15 && text.includes(one)) violations.push('I9 a secret is kept or told')
}

const forms: readonly (readonly [string, Place, number, number, number])[] = [
  ['SQLite, one server', sqlite, 1, 250, 0],
  ['SQLite, two servers', sqlite, 2, 250, 1],
  ['PostgreSQL, one server', postgres, 1, 200, 1],
]
const chosen = forms.filter(([, , , , few]) => campaign || few > 0)

describe.each(chosen)('on %s', (name, place, count, many, few) => {
  const rounds = campaign ? Number(process.env.ROUNDS ?? many) : few

  test('FAULT-01, F1: killed under a mixed load: what was answered stands, and everybody goes on', {
    timeout: 120_000 + rounds * 20_000,
  }, async () => {
    const settings = await place()
    const some = await fleet(count, async () => settings, env)
    const load = await loadOn(some, people)
    const kills = await killed(some, load, rounds)
    await lookForSecrets(some, load)
    const folder = some.nodes[0]?.folder ?? ''
    const verified = await command(folder, ['audit', 'verify'], settings)
    if (verified.code !== 0) load.violations.push(`I7 ${verified.stdout}${verified.stderr}`)
    const told = Object.entries(load.cut).map(([deed, times]) => [`cut: ${deed}`, times])
    reported(`mixed load, ${name}`, {
      counts: { kills, answered: sum(load.done), ...Object.fromEntries(told) },
      violations: load.violations,
    })
    expect(load.violations).toEqual([])
    expect(sum(load.done)).toBeGreaterThan(0)
    // Each of them was met.
    if (rounds >= 200) expect(Math.min(...Object.values(load.cut))).toBeGreaterThan(0)
  })
})

test('and without the leeway it would be noticed: whoever was not answered is out', {
  timeout: 120_000,
}, async () => {
  const some = await fleet(1, sqlite, { ...env, SALLYPORT_REFRESH_LEEWAY: '0s' })
  const load = await loadOn(some, 1)
  await some.nodes[0]?.kill()
  await some.again(0, altered('dies before it answers'))
  const [one] = load.people[0]?.held ?? []
  await some
    .tab(0, one?.jar)
    .send('POST', '/auth/refresh')
    .catch(() => undefined)
  await some.nodes[0]?.ended
  await some.again(0)
  await lookAt(some, load, 0)
  expect(load.violations.join()).toMatch(/I10 the last token heard of: 401/)
})
