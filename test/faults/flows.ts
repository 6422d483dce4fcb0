/**
 * Ten flows that change something, each with what is kept when it was done, and what must hold after
 * whatever has become of it.
 *
 * @module
 */
import type { Sallyport } from '../../src/index.ts'
import { origin, setupToken, type TestGate } from '../gate/gate.ts'
import { addPerson } from '../gate/people.ts'
import { type Got, password, type Visitor, visitor } from '../gate/visitor.ts'

/** Where flows are played: an instance that ada owns, and the gate that stands before it now. */
export interface Stage {
  readonly query: TestGate['query']
  gate: Sallyport
  /** Of names and addresses, so that none comes twice. */
  next(): number
}

export type Answer = Pick<Got, 'status' | 'json' | 'set' | 'headers'>

/** A deed about to be done. */
export interface Deed {
  send(gate: Sallyport): Promise<Answer>
  /** Selects one row of numbers. */
  readonly counts: string
  /** Whether it is done in several steps, each as if there were no other. */
  readonly inSlices?: boolean
  /** How they move when it is done. */
  readonly whole: readonly number[]
  /**
   * Goes on as its client would, at a gate that is well.
   *
   * @param done How often it was done.
   * @param answered Whether that was said.
   * @returns What is not as it must be.
   */
  after(done: number, answered: boolean): Promise<readonly unknown[]>
}

export type Flow = (stage: Stage) => Promise<Deed>

const other = 'another password that is long'

/** What was asked, what came, what should have. */
const unless = (what: string, got: unknown, wanted: unknown): string[] =>
  got === wanted ? [] : [`${what}: ${got} instead of ${wanted}`]

/** The same browser at the gate that stands there now. */
function at(stage: Stage, { jar }: { readonly jar: ReadonlyMap<string, string> }): Visitor {
  return visitor(stage.gate, '198.51.100.7', { jar: new Map(jar) })
}

const me = async (who: Visitor) => (await who.send('GET', '/auth/me')).status

async function person(stage: Stage, mustChange = false) {
  const name = `person${stage.next()}x`
  const id = await addPerson(stage, name, { mustChange })
  const signIn = async (secret = password) => {
    const who = visitor(stage.gate)
    const got = await who.logIn(name, secret)
    if (got.status !== 200) throw new Error(`signing in: ${got.text}`)
    return who
  }
  const subject = `user:${id}`
  return { name, id, signIn, subject }
}

async function owner(stage: Stage): Promise<Visitor> {
  const ada = visitor(stage.gate)
  const got = await ada.logIn('ada')
  if (got.status !== 200) throw new Error(`signing in: ${got.text}`)
  return ada
}

/** Numbers in one row, each by a statement of its own. */
const numbers = (...selects: readonly string[]): string =>
  `select ${selects.map((one, n) => `(${one}) as n${n}`).join(', ')}`
const recorded = (type: string, where: string) =>
  `select count(*) from audit where type = '${type}' and ${where}`

const signIn: Flow = async (stage) => {
  const { name, id, signIn, subject } = await person(stage)
  // As many as there may be: one more puts one of them out.
  await signIn()
  await signIn()
  const own = `"userId" = '${id}'`
  let answered: Visitor | undefined
  return {
    async send(gate) {
      answered = visitor(gate)
      return answered.logIn(name)
    },
    counts: numbers(
      `select count(*) from sessions where ${own}`,
      `select count(*) from sessions where ${own} and "endedAt" is null`,
      `select count(*) from audit a join sessions s on s.id = a.session
        where a.type = 'auth.signed_in' and s.${own}`,
      recorded('session.evicted', `subject = '${subject}'`),
    ),
    whole: [1, 0, 1, 1],
    async after(_, ok) {
      const now = ok && answered ? await me(at(stage, answered)) : 200
      const again = await signIn()
      return [...unless('signed in', now, 200), ...unless('again', await me(again), 200)]
    },
  }
}

const refresh: Flow = async (stage) => {
  const { id, signIn } = await person(stage)
  const before = await signIn()
  const generation = `select generation from sessions where "userId" = '${id}'`
  let renewed: Visitor | undefined
  return {
    async send(gate) {
      renewed = visitor(gate, '198.51.100.7', { jar: new Map(before.jar) })
      return renewed.send('POST', '/auth/refresh')
    },
    counts: numbers(generation, `select count(*) from sessions where "userId" = '${id}'`),
    whole: [1, 0],
    async after(done, ok) {
      const going = at(stage, ok && renewed ? renewed : before)
      // Unanswered it is asked again with the same token, which is rotated or healed: there is one head.
      const again = await going.send('POST', '/auth/refresh')
      const [row] = await stage.query(generation)
      const generations = ok ? done + 1 : 1
      return [
        ...unless('goes on', again.status, 200),
        ...unless('head', Number(row?.generation), generations),
        ...unless('is in', await me(going), 200),
      ]
    },
  }
}

const signOut: Flow = async (stage) => {
  const { id, signIn, subject } = await person(stage)
  const who = await signIn()
  return {
    send: (gate) =>
      visitor(gate, '198.51.100.7', { jar: new Map(who.jar) }).send('POST', '/auth/logout'),
    counts: numbers(
      `select count(*) from sessions where "userId" = '${id}' and "endedAt" is not null`,
      recorded('auth.signed_out', `actor = '${subject}'`),
    ),
    whole: [1, 1],
    async after(done) {
      const stands = await me(at(stage, who))
      const again = await at(stage, who).send('POST', '/auth/logout')
      return [
        ...unless('is in', stands, done > 0 ? 401 : 200),
        ...unless('again', again.status, 204),
        ...unless('is out', await me(at(stage, who)), 401),
      ]
    },
  }
}

const endOthers: Flow = async (stage) => {
  const { id, signIn, subject } = await person(stage)
  const [one, who] = [await signIn(), await signIn()]
  return {
    send: (gate) =>
      visitor(gate, '198.51.100.7', { jar: new Map(who.jar) }).send(
        'POST',
        '/auth/sessions/revoke-others',
      ),
    counts: numbers(
      `select count(*) from sessions where "userId" = '${id}' and "endedAt" is not null`,
      recorded('session.revoked', `actor = '${subject}'`),
    ),
    whole: [1, 1],
    inSlices: true,
    async after(done) {
      const stands = await me(at(stage, one))
      const again = await at(stage, who).send('POST', '/auth/sessions/revoke-others')
      return [
        ...unless('other is in', stands, done > 0 ? 401 : 200),
        ...unless('again', again.status, 200),
        ...unless('other is out', await me(at(stage, one)), 401),
        ...unless('keeper', await me(at(stage, who)), 200),
      ]
    },
  }
}

const changing =
  (forced: boolean): Flow =>
  async (stage) => {
    const { name, id, signIn, subject } = await person(stage, forced)
    const other1 = forced ? undefined : await signIn()
    const who = await signIn()
    const own = `"userId" = '${id}'`
    let changed: Visitor | undefined
    return {
      async send(gate) {
        changed = visitor(gate, '198.51.100.7', { jar: new Map(who.jar) })
        const json = { currentPassword: password, newPassword: other }
        return changed.send('POST', '/auth/change-password', { json })
      },
      counts: numbers(
        `select version from users where id = '${id}'`,
        `select "mustChangePassword" from users where id = '${id}'`,
        `select count(*) from sessions where ${own}`,
        `select count(*) from sessions s join users u on u.id = s."userId"
          where s.${own} and s."endedAt" is null and s."userVersion" = u.version`,
        `select count(*) from devices where ${own}`,
        recorded('password.changed', `actor = '${subject}'`),
      ),
      whole: forced ? [1, -1, 1, 0, 1, 1] : [1, 0, 1, -1, -1, 1],
      async after(done, ok) {
        const olds = await Promise.all(
          [who, other1].flatMap((one) => (one ? [me(at(stage, one))] : [])),
        )
        const wanted = done > 0 ? 401 : 200
        const old = await visitor(stage.gate).logIn(name, password)
        const next = await visitor(stage.gate).logIn(name, other)
        return [
          ...olds.flatMap((status) => unless('old session', status, wanted)),
          ...unless('old password', old.status, done > 0 ? 401 : 200),
          ...unless('new password', next.status, done > 0 ? 200 : 401),
          ...(ok && changed ? unless('new session', await me(at(stage, changed)), 200) : []),
        ]
      },
    }
  }

const mintKey: Flow = async (stage) => {
  const ada = await owner(stage)
  const name = `key${stage.next()}`
  const issue = (who: Visitor) =>
    who.send('POST', '/auth/api-keys', {
      json: {
        name,
        scopes: ['users:read'],
        expiresAt: new Date(Date.now() + 30 * 86_400_000).toISOString(),
      },
    })
  let issued: Got | undefined
  return {
    async send(gate) {
      issued = await issue(visitor(gate, '198.51.100.7', { jar: new Map(ada.jar) }))
      return issued
    },
    counts: numbers('select count(*) from keys', recorded('key.issued', '1 = 1')),
    whole: [1, 1],
    async after(_, ok) {
      const works = async (got: Got | undefined) => {
        const headers = {
          Authorization: `Bearer ${got?.json.secret}`,
          Origin: null,
          'Sec-Fetch-Site': null,
        }
        return (await visitor(stage.gate).send('GET', '/users', { headers })).status
      }
      const first = ok ? await works(issued) : 200
      const again = await issue(at(stage, ada))
      const second = await works(again)
      await stage.query(`delete from keys where name = '${name}'`)
      return [
        ...unless('key', first, 200),
        ...unless('again', again.status, 201),
        ...unless('second key', second, 200),
      ]
    },
  }
}

const redeemTicket: Flow = async (stage) => {
  const { signIn } = await person(stage)
  const who = await signIn()
  const ticket = async () =>
    String((await at(stage, who).send('POST', '/auth/ws-ticket')).json.ticket)
  const first = await ticket()
  const redeem = async (gate: Sallyport, text: string): Promise<Answer> => {
    const got = await gate.admit(text, origin, { address: '198.51.100.7' })
    if (got.ok) {
      got.leave()
      return { status: 200, json: {} as never, set: [], headers: new Headers() }
    }
    const { status, headers } = got.response
    return { status, headers, set: headers.getSetCookie(), json: await got.response.json() }
  }
  return {
    send: (gate) => redeem(gate, first),
    // Used up, and then looked at once more before anybody is let in.
    inSlices: true,
    counts: 'select count(*) as n0 from tickets',
    whole: [-1],
    async after(done) {
      const late = await redeem(stage.gate, first)
      const again = await redeem(stage.gate, await ticket())
      return [
        ...unless('once more', late.status, done > 0 ? 401 : 200),
        ...unless('another', again.status, 200),
      ]
    },
  }
}

const setUp: Flow = async (stage) => {
  for (const table of ['presence', 'tickets', 'devices', 'keys', 'sessions', 'attempts', 'users'])
    await stage.query(`delete from ${table}`)
  await stage.query(`update instance set "claimedAt" = null, revision = 'unclaimed${stage.next()}'`)
  const claim = (who: Visitor) =>
    who.send('POST', '/auth/setup', { json: { setupToken, username: 'ada', password } })
  let owner: Visitor | undefined
  return {
    async send(gate) {
      owner = visitor(gate)
      return claim(owner)
    },
    counts: numbers(
      'select count(*) from instance where "claimedAt" is not null',
      `select count(*) from users where role = 'owner'`,
      'select count(*) from users',
      'select count(*) from sessions',
      recorded('instance.claimed', '1 = 1'),
      recorded('auth.signed_in', '1 = 1'),
    ),
    whole: [1, 1, 1, 1, 1, 1],
    async after(done, ok) {
      const status = await visitor(stage.gate).send('GET', '/auth/setup')
      const again = await claim(visitor(stage.gate))
      const [row] = await stage.query(`select count(*) as n from users where role = 'owner'`)
      return [
        ...unless('unclaimed', status.json.needsOwner, done === 0),
        ...unless('again', again.status, done > 0 ? 409 : 201),
        ...unless('owners', Number(row?.n), 1),
        ...unless('signs in', (await visitor(stage.gate).logIn('ada')).status, 200),
        ...(ok && owner ? unless('owner', await me(at(stage, owner)), 200) : []),
      ]
    },
  }
}

const changeRole: Flow = async (stage) => {
  const ada = await owner(stage)
  const { id, signIn, subject } = await person(stage)
  const who = await signIn()
  const patch = (one: Visitor) => one.send('PATCH', `/users/${id}`, { json: { role: 'admin' } })
  return {
    send: (gate) => patch(visitor(gate, '198.51.100.7', { jar: new Map(ada.jar) })),
    counts: numbers(
      `select count(*) from users where id = '${id}' and role = 'admin'`,
      recorded('user.updated', `subject = '${subject}'`),
    ),
    whole: [1, 1],
    async after(done) {
      const may = await at(stage, who).send('GET', '/users')
      const again = await patch(at(stage, ada))
      const then = await at(stage, who).send('GET', '/users')
      return [
        ...unless('may', may.status, done > 0 ? 200 : 403),
        ...unless('again', again.status, 200),
        ...unless('may then', then.status, 200),
      ]
    },
  }
}

export const flows: Readonly<Record<string, Flow>> = {
  'sign in': signIn,
  refresh,
  'sign out': signOut,
  'end the others': endOthers,
  'change the password': changing(false),
  'change it because one must': changing(true),
  'make a key': mintKey,
  'redeem a ticket': redeemTicket,
  'change a role': changeRole,
  // Last: it begins with an instance that is nobody's.
  'set up': setUp,
}
