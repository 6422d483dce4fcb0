/**
 * The mixed load of a campaign of kills, and what it may rely on: each person does one thing at a time,
 * remembers what was answered, and what was asked and not answered.
 *
 * @module
 */
import { request } from 'node:http'
import { type Browser, type Got, password } from '../server/browser.ts'
import type { Fleet, Jar } from '../server/pair.ts'

/** What is done, and how often of a hundred times (`security.md` D.3, F1). */
export const shares = {
  refresh: 60,
  'sign-in': 10,
  'sign-out': 10,
  revoke: 10,
  'password change': 5,
  ticket: 5,
} as const
export type Deed = keyof typeof shares
const deeds = Object.entries(shares).flatMap(([name, share]) =>
  Array.from({ length: share }, () => name as Deed),
)

export interface Held {
  readonly id: string
  /** The cookies that were last acknowledged. */
  jar: Jar
  /** Renewals that were acknowledged; one more may have been done when `unheard`. */
  generation: number
  unheard: boolean
  /** Its end was asked for and not answered. */
  doubtful: boolean
}

export interface Ticket {
  readonly text: string
  /** Sockets that it has opened, as far as anybody was told. */
  opened: number
}

export interface Person {
  readonly name: string
  password: string
  /** What it is if a change that was not answered was done. */
  maybe: string | undefined
  held: Held[]
  /** Sessions whose end was answered, and cookies that a change of password has replaced. */
  ended: Held[]
  tickets: Ticket[]
}

export interface Load {
  readonly people: readonly Person[]
  /** Deeds that were answered, and that were cut off by a kill. */
  readonly done: Record<Deed, number>
  readonly cut: Record<Deed, number>
  readonly violations: string[]
}

const none = () => Object.fromEntries(Object.keys(shares).map((name) => [name, 0]))
const any = <T>(some: readonly T[]): T | undefined => some[Math.floor(Math.random() * some.length)]

/** Claims the instance, and adds people whose password is their own. */
export async function loadOn(fleet: Fleet, count: number): Promise<Load> {
  const ada = fleet.tab(0)
  const token = fleet.nodes.flatMap((node) => (node.claimLink ? [node.setupToken] : []))[0] ?? ''
  expectStatus(await ada.setUp(token), 201)
  const people: Person[] = []
  for (let n = 0; n < count; n++) {
    const name = `person${n}`
    const json = { username: name, role: 'member', password }
    expectStatus(await ada.send('POST', '/users', { json }), 201)
    const who = fleet.tab(0)
    expectStatus(await who.logIn(name), 200)
    const next = `${password}, ${name}, the first`
    const change = { currentPassword: password, newPassword: next }
    const got = await who.send('POST', '/auth/change-password', { json: change })
    expectStatus(got, 200)
    const first = heldBy(got, who)
    people.push({
      ...{ name, password: next, maybe: undefined, held: [first], ended: [], tickets: [] },
    })
  }
  return { people, done: none() as Load['done'], cut: none() as Load['cut'], violations: [] }
}

export const heldBy = ({ json }: Got, { jar }: Browser): Held => ({
  ...{ id: json.session.id, jar, generation: 0, unheard: false, doubtful: false },
})

function expectStatus({ status, text }: Got, wanted: number): void {
  if (status !== wanted) throw new Error(`${status}, not ${wanted}: ${text}`)
}

/** Everybody does one thing after another until `over`, or until one of them was not answered. */
export async function drive(fleet: Fleet, load: Load, over: () => boolean): Promise<void> {
  await Promise.all(
    load.people.map(async (person) => {
      while (!over()) {
        const node = Math.floor(Math.random() * fleet.nodes.length)
        const deed = any(deeds) ?? 'refresh'
        const answered = await does[deed]({ fleet, node, person, load })
        if (answered === undefined) continue
        load[answered ? 'done' : 'cut'][deed] += 1
        if (!answered) return
      }
    }),
  )
}

interface Doing {
  readonly fleet: Fleet
  readonly node: number
  readonly person: Person
  readonly load: Load
}

/** @returns Whether it was answered; `undefined` when there was nothing to do. */
type Does = (doing: Doing) => Promise<boolean | undefined>

const asked = (sent: Promise<Got>): Promise<Got | undefined> => sent.catch(() => undefined)

/** Whether it was answered, and as it should be. */
function right({ load, person }: Doing, got: Got | undefined, deed: Deed, wanted: number): boolean {
  if (got && got.status !== wanted)
    load.violations.push(`${deed} of ${person.name}: ${got.status} ${got.text}`)
  return got?.status === wanted
}

/** Asks for the end of `one`. */
async function ends(doing: Doing, one: Held, deed: Deed, sent: Promise<Got>): Promise<boolean> {
  const { person } = doing
  one.doubtful = true
  const got = await asked(sent)
  if (!right(doing, got, deed, 204)) return got !== undefined
  one.doubtful = false
  person.held = person.held.filter((other) => other !== one)
  person.ended.push(one)
  return true
}

const does: Readonly<Record<Deed, Does>> = {
  async refresh(doing) {
    const one = any(doing.person.held)
    if (!one) return undefined
    const tab = doing.fleet.tab(doing.node, one.jar)
    const got = await asked(tab.send('POST', '/auth/refresh'))
    one.unheard = got === undefined
    if (!right(doing, got, 'refresh', 200)) return got !== undefined
    one.jar = tab.jar
    one.generation += 1
    return true
  },
  async 'sign-in'(doing) {
    const { fleet, node, person } = doing
    const tab = fleet.tab(node)
    const got = await asked(tab.logIn(person.name, person.password))
    if (!got || !right(doing, got, 'sign-in', 200)) return got !== undefined
    person.held.push(heldBy(got, tab))
    return true
  },
  async 'sign-out'(doing) {
    // Somebody stays, so that there is always a session to go on with.
    const [, one] = doing.person.held
    if (!one) return undefined
    const sent = doing.fleet.tab(doing.node, one.jar).send('POST', '/auth/logout')
    return ends(doing, one, 'sign-out', sent)
  },
  async revoke(doing) {
    const [by, one] = doing.person.held
    if (!by || !one) return undefined
    const sent = doing.fleet.tab(doing.node, by.jar).send('DELETE', `/auth/sessions/${one.id}`)
    return ends(doing, one, 'revoke', sent)
  },
  async 'password change'(doing) {
    const { fleet, node, person } = doing
    const one = any(person.held)
    if (!one) return undefined
    const next = `${password}, ${person.name}, ${Math.random()}`
    const tab = fleet.tab(node, one.jar)
    const json = { currentPassword: person.password, newPassword: next }
    person.maybe = next
    const got = await asked(tab.send('POST', '/auth/change-password', { json }))
    if (!got) return false
    person.maybe = undefined
    if (!right(doing, got, 'password change', 200)) return true
    person.password = next
    person.ended.push(...person.held)
    person.held = [heldBy(got, tab)]
    return true
  },
  async ticket(doing) {
    const { fleet, node, person } = doing
    const one = any(person.held)
    if (!one) return undefined
    const got = await asked(fleet.tab(node, one.jar).send('POST', '/auth/ws-ticket'))
    if (!got || !right(doing, got, 'ticket', 201)) return got !== undefined
    const ticket = { text: String(got.json.ticket), opened: 0 }
    person.tickets.push(ticket)
    return (await opens(fleet, node, ticket)) !== undefined
  },
}

/** Opens a socket with a ticket and drops it. @returns The status; `undefined` without an answer. */
export async function opens(
  { nodes }: Fleet,
  node: number,
  ticket: Ticket,
): Promise<number | undefined> {
  const origin = nodes[0]?.origin ?? ''
  const status = await new Promise<number | undefined>((resolve) => {
    request({
      ...{ host: '127.0.0.1', port: nodes[node]?.port, path: '/api/v1/ws', agent: false },
      headers: {
        ...{ Host: new URL(origin).host, Origin: origin, Connection: 'Upgrade' },
        ...{ Upgrade: 'websocket', 'Sec-WebSocket-Version': '13' },
        'Sec-WebSocket-Key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        'Sec-WebSocket-Protocol': `sallyport, ticket.${ticket.text}`,
      },
    })
      .on('error', () => resolve(undefined))
      .on('upgrade', (_, socket) => {
        socket.on('error', () => {}).destroy()
        resolve(101)
      })
      .on('response', (response) => {
        response.resume()
        resolve(response.statusCode)
      })
      .end()
  })
  if (status === 101) ticket.opened += 1
  return status
}
