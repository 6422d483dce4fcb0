/**
 * A history: people sign in, are checked and are revoked on several servers, at random and all at once,
 * while servers are stopped, killed and cut off. Everything is on one clock, and one thing must never
 * be: a check that began after a revocation was answered, and let in.
 *
 * @module
 */
import { setTimeout as pause } from 'node:timers/promises'
import { session as sessionRef } from '../../src/ports.ts'
import { keep } from '../../src/rules/step.ts'
import { open, storeOn } from '../store/bed.ts'
import { real } from '../store/seats.ts'
import { type Browser, type Got, password } from './browser.ts'
import type { Fleet, Member } from './fleet.ts'

interface Person {
  readonly id: string
  readonly username: string
  /** Whatever is done to a person is done by one at a time. */
  busy: boolean
  /** From the answer that took it away, until it is about to be given again. */
  roleGone: number
}

interface Session {
  readonly id: string
  readonly person: Person
  readonly jar: ReadonlyMap<string, string>
  /** When somebody first asked for its end, and when the first was told that it has ended. */
  asked: number
  dead: number
}

export interface Told {
  signIns: number
  checks: number
  /** Checks of sessions whose end had been answered before. */
  late: number
  revocations: number
  /** Revocations under way while another server stood still, was cut off or dead. */
  met: Record<Harm, number>
  byKind: Record<string, number>
  /** What must never be. */
  readonly violations: string[]
  /** Sessions that nobody had asked to end, and that were not let in. */
  readonly wronged: string[]
}

type Harm = 'stops' | 'cuts' | 'kills'

const now = () => performance.now()
const any = <T>(some: readonly T[]): T | undefined => some[Math.floor(Math.random() * some.length)]

/**
 * Does all of it for `time` milliseconds, or until the first violation. It goes on, for a minute and a
 * half at most, until something was revoked that was asked for while a server stood still, and checked
 * after that was answered.
 *
 * @param given.pace Checks, on each server, between two revocations, and between two harms: a slow
 *   machine does less of everything, and memory is the rule on it as well.
 * @param given.most Sessions at a time.
 * @param given.checks How many there must have been.
 */
export async function history(
  fleet: Fleet,
  time: number,
  { pace, most, checks = 0 }: { pace: number; most: number; checks?: number },
): Promise<Told> {
  const { members } = fleet
  const told: Told = {
    signIns: 0,
    checks: 0,
    late: 0,
    revocations: 0,
    met: { stops: 0, cuts: 0, kills: 0 },
    byKind: {},
    violations: [],
    wronged: [],
  }
  const until = now() + time
  const atMost = until + 90_000
  const shown = () => told.checks >= checks && told.met.stops > 0 && told.late > 0
  const goesOn = () =>
    (now() < until || (!shown() && now() < atMost)) && told.violations.length === 0
  const well = () => any(members.filter(({ harmed }) => !harmed)) ?? (members[0] as Member)
  /** What is done to one of them at this moment, and how many revocations it has met from their start. */
  let harm: { readonly name: Harm; met: number } | undefined
  /** Not a node: it writes as the command line does. */
  const bystander = storeOn(await open(fleet.database, real))

  const boss = await leader(fleet)
  const people: Person[] = []
  for (let n = 0; n < 5; n++) people.push(await boss.add(`person${n}`))
  const alive: Session[] = []
  const gone: Session[] = []

  async function signIn(person: Person): Promise<Session | undefined> {
    const who = fleet.browser(well())
    const got = await who.logIn(person.username, passwordOf(person)).catch(() => undefined)
    if (got?.status !== 200) return undefined
    told.signIns += 1
    const { id } = got.json.session
    return {
      id,
      person,
      jar: who.jar,
      asked: Number.POSITIVE_INFINITY,
      dead: Number.POSITIVE_INFINITY,
    }
  }

  async function check(member: Member, one: Session, path = '/auth/me'): Promise<void> {
    const began = now()
    const roleGone = one.person.roleGone
    const got = await fleet
      .browser(member, one.jar)
      .send('GET', path)
      .catch(() => undefined)
    if (!got) return
    told.checks += 1
    if (began > one.dead) told.late += 1
    const after = (since: number) => `${member.at} ${path} ${Math.round(began - since)} ms after`
    if (got.status === 200 && began > one.dead) told.violations.push(after(one.dead))
    if (path === '/users' && got.status === 200 && began > roleGone) {
      if (one.person.roleGone === roleGone) told.violations.push(after(roleGone))
    }
    if (got.status === 401 && now() < one.asked) told.wronged.push(`${got.status} ${got.text}`)
  }

  /** Asks for an end until it is answered; told on another server when one does not answer. */
  async function revoke(
    kind: string,
    ends: readonly Session[],
    ask: (member: Member) => Promise<boolean>,
  ): Promise<boolean> {
    const meets = harm
    for (const one of ends) one.asked = Math.min(one.asked, now())
    // Two ask at once, or one: whoever is answered first may rely on it.
    const askers = Math.random() < 0.3 && kind !== 'role' ? 2 : 1
    const answered = async () => {
      for (let tries = 0; tries < 20; tries++) {
        const member = well()
        const done = await ask(member).catch(() => false)
        const at = now()
        if (done) {
          for (const one of ends) one.dead = Math.min(one.dead, at)
          return true
        }
        await pause(20)
        if (!goesOn()) return false
      }
      return false
    }
    const all = await Promise.all(Array.from({ length: askers }, answered))
    if (!all.includes(true)) return false
    if (meets) meets.met += 1
    for (const name of new Set([meets?.name, harm?.name])) if (name) told.met[name] += 1
    told.revocations += 1
    told.byKind[kind] = (told.byKind[kind] ?? 0) + 1
    for (const one of ends) forget(one)
    // On every server, also one that stands still: it answers when it goes on.
    const everywhere = () => members.flatMap((member) => ends.map((one) => check(member, one)))
    void Promise.all(everywhere())
    // And once more, when what was being read at the time is remembered by now, if it should be.
    void pause(200).then(() => Promise.all(goesOn() ? everywhere() : []))
    return true
  }

  function forget(one: Session): void {
    const at = alive.indexOf(one)
    if (at >= 0) alive.splice(at, 1)
    gone.push(one)
    if (gone.length > 200) gone.shift()
  }

  const ok = ({ status }: Got) => status === 200 || status === 204
  const by = (one: Session, member: Member): Browser => fleet.browser(member, one.jar)
  const mine = (person: Person) => alive.filter((one) => one.person === person)

  const ways: Readonly<Record<string, (person: Person) => Promise<unknown>>> = {
    logout: async (person) => {
      const one = any(mine(person))
      if (one)
        await revoke('logout', [one], async (member) =>
          ok(await by(one, member).send('POST', '/auth/logout')),
        )
    },
    one: async (person) => {
      const [one, other] = mine(person)
      if (one && other)
        await revoke('one', [one], async (member) =>
          ok(await by(other, member).send('DELETE', `/auth/sessions/${one.id}`)),
        )
    },
    others: async (person) => {
      const [one, ...others] = mine(person)
      if (one && others.length > 0)
        await revoke('others', others, async (member) =>
          ok(await by(one, member).send('POST', '/auth/sessions/revoke-others')),
        )
    },
    all: (person) =>
      revoke('all', mine(person), (member) =>
        boss.does(member, 'POST', `${person.id}/revoke-sessions`),
      ),
    disable: async (person) => {
      const patch = (disabled: boolean) => (member: Member) =>
        boss.does(member, 'PATCH', person.id, { disabled })
      if (await revoke('disable', mine(person), patch(true)))
        while (goesOn() && !(await patch(false)(well()).catch(() => false))) await pause(20)
    },
    role: async (person) => {
      const patch = (role: string) => (member: Member) =>
        boss.does(member, 'PATCH', person.id, { role })
      person.roleGone = Number.POSITIVE_INFINITY
      if (!(await patch('admin')(well()).catch(() => false))) return
      const watching = mine(person)
      for (const one of watching)
        await Promise.all(
          members.map((member) => (member.harmed ? undefined : check(member, one, '/users'))),
        )
      if (await revoke('role', [], patch('member'))) {
        person.roleGone = now()
        void Promise.all(members.flatMap((m) => watching.map((one) => check(m, one, '/users'))))
        await pause(50)
      }
    },
    bystander: async (person) => {
      const one = any(mine(person))
      if (one)
        await revoke('bystander', [one], () =>
          bystander.step({ one: sessionRef(one.id) }, ({ one }, at) => ({
            verdict: true,
            keep:
              one?.endedAt === null
                ? [keep('sessions', { ...one, endedAt: at, endReason: 'revoked' })]
                : [],
          })),
        )
    },
  }
  // What ends many at once is rarer, or there would be nobody to check.
  const kinds = ['logout', 'logout', 'one', 'one', 'others', 'all', 'disable', 'role', 'bystander']

  let paid = 0
  /** Whether somebody waits for a revocation: a server has just been harmed. */
  let due = false
  /** Whether there have been checks enough for one more revocation, or one is due. */
  const paced = () => {
    if (!due && told.checks - paid < pace * members.length) return false
    paid = told.checks
    due = false
    return true
  }

  async function signingIn(): Promise<void> {
    while (goesOn()) {
      const person = any(people.filter(({ busy }) => !busy))
      const one = alive.length < most && person ? await signIn(person) : undefined
      if (one && person && !person.busy) {
        alive.push(one)
        for (const member of members) void check(member, one)
        // Revoked while it is read for the first time.
        if (Math.random() < 0.5 && paced())
          await revoke('at once', [one], async (member) =>
            ok(await by(one, member).send('POST', '/auth/logout')),
          )
      }
      await pause(20)
    }
  }
  async function revoking(): Promise<void> {
    while (goesOn()) {
      await pause(20 + Math.random() * 100)
      const person = any(people.filter((one) => !one.busy && mine(one).length > 1))
      if (!person || !paced()) continue
      person.busy = true
      await ways[any(kinds) ?? 'logout']?.(person)
      person.busy = false
    }
  }
  async function checking(member: Member): Promise<void> {
    while (goesOn()) {
      const one = Math.random() < 0.005 ? any(gone) : any(alive)
      // One whose end is under way is read each time; that it is checked now and then will do.
      const checked = one && (one.asked === Number.POSITIVE_INFINITY || Math.random() < 0.02)
      if (one && checked) await check(member, one)
      else await pause(1)
      if (member.harmed) await pause(10)
    }
  }
  /** Until something was revoked that was asked for meanwhile. */
  async function met(): Promise<void> {
    const most = now() + 10_000
    await pause(300 + Math.random() * 1_000)
    while (harm?.met === 0 && now() < most && goesOn()) {
      due = true
      // As long as one takes: the lease of whoever is harmed is waited for.
      for (let n = 0; n < 100 && harm.met === 0; n++) await pause(20)
    }
    // What was asked right after it is still asked of whoever is harmed.
    await pause(400)
  }
  const order = ['stops', 'cuts', 'stops', 'cuts', 'kills'] as const
  async function harming(): Promise<void> {
    for (let at = 0; goesOn(); at++) {
      const before = told.checks
      await pause(200 + Math.random() * 500)
      while (told.checks < before + pace * members.length && goesOn()) await pause(20)
      const member = any(members)
      const name = order[at % order.length] ?? 'stops'
      if (!member || !goesOn()) continue
      harm = { name, met: 0 }
      if (name === 'kills') due = true
      await { stops: () => member.stop(met), cuts: () => member.cut(met), kills: member.kill }[
        name
      ]()
      harm = undefined
    }
  }
  await Promise.all([
    signingIn(),
    signingIn(),
    revoking(),
    revoking(),
    harming(),
    ...members.flatMap((member) => Array.from({ length: 4 }, () => checking(member))),
  ])
  return told
}

const passwordOf = ({ username }: Person) => `${username} has a password of their own`

/** Claims the instance, and answers who may do everything to everybody. */
async function leader(fleet: Fleet) {
  const [first] = fleet.members as readonly [Member]
  const ada = fleet.browser(first)
  const claimed = await ada.setUp(first.server.setupToken)
  if (claimed.status !== 201) throw new Error(`claiming: ${claimed.text}`)
  const jar = new Map(ada.jar)
  return {
    async add(username: string): Promise<Person> {
      const made = await ada.send('POST', '/users', {
        json: { username, role: 'member', password },
      })
      const who = fleet.browser(first)
      await who.logIn(username, password)
      const person = {
        id: made.json.user.id,
        username,
        busy: false,
        roleGone: Number.POSITIVE_INFINITY,
      }
      const json = { currentPassword: password, newPassword: passwordOf(person) }
      const changed = await who.send('POST', '/auth/change-password', { json })
      if (changed.status !== 200) throw new Error(`adding: ${made.text} ${changed.text}`)
      return person
    },
    async does(member: Member, method: string, path: string, json?: unknown): Promise<boolean> {
      const got = await fleet.browser(member, jar).send(method, `/users/${path}`, { json })
      if (got.status === 403 || got.status === 401) throw new Error(got.text)
      return got.status === 200 || got.status === 204
    },
  }
}
