/**
 * What must hold after a kill, whatever was under way (`security.md` D.2): every person goes on from
 * what was last answered, and nothing that was ended lives.
 *
 * @module
 */
import type { Fleet } from '../server/pair.ts'
import { heldBy, type Load, opens, type Person } from './mixed-load.ts'

/**
 * Sends again what met a connection that the server had just closed for being idle, as browsers do: all
 * that is sent here may come twice.
 */
async function surely<T>(send: () => Promise<T>): Promise<T> {
  return send().catch(send).catch(send)
}

/** Looks at everybody on one node; what was in doubt is decided by it. */
export async function lookAt(fleet: Fleet, load: Load, node: number): Promise<void> {
  // At once: an end that a dead node may not have heard of is answered when its lease is over.
  await Promise.all(load.people.map((person) => look(fleet, load, node, person)))
}

async function look(fleet: Fleet, load: Load, node: number, person: Person): Promise<void> {
  const wrong = (what: string) => load.violations.push(`${person.name} on ${node}: ${what}`)
  await settlePassword(fleet, person, node, wrong)
  for (const one of person.held) {
    const tab = () => fleet.tab(node, one.jar)
    const { status } = await surely(() => tab().send('GET', '/auth/me'))
    if (one.doubtful) {
      if (status === 401) person.ended.push(one)
      one.doubtful = false
    }
    if (person.ended.includes(one)) continue
    if (status !== 200) wrong(`I8 a session that nobody ended: ${status}`)
    const renewed = tab()
    const got = await surely(() => renewed.send('POST', '/auth/refresh'))
    if (got.status !== 200) wrong(`I10 the last token heard of: ${got.status} ${got.text}`)
    one.jar = renewed.jar
    one.generation += 1
    one.unheard = false
  }
  person.held = person.held.filter((one) => !person.ended.includes(one))
  await Promise.all(
    person.ended.map(async ({ jar }) => {
      const [me, renewed] = await Promise.all([
        surely(() => fleet.tab(node, jar).send('GET', '/auth/me')),
        surely(() => fleet.tab(node, jar).send('POST', '/auth/refresh')),
      ])
      if (me.status !== 401) wrong(`I2 an ended session: ${me.status}`)
      if (renewed.status < 400) wrong(`I2 an ended session is renewed: ${renewed.status}`)
    }),
  )
  for (const ticket of person.tickets) {
    await opens(fleet, node, ticket)
    await opens(fleet, node, ticket)
    if (ticket.opened > 1) wrong(`I4 a ticket opened ${ticket.opened} sockets`)
  }
}

/** A change that was not answered was done, or was not: one of the two passwords lets in. */
async function settlePassword(
  fleet: Fleet,
  person: Person,
  node: number,
  wrong: (what: string) => void,
): Promise<void> {
  const { maybe } = person
  if (maybe === undefined) return
  person.maybe = undefined
  const [old, next] = [fleet.tab(node), fleet.tab(node)]
  const withOld = await surely(() => old.logIn(person.name, person.password))
  const withNew = await surely(() => next.logIn(person.name, maybe))
  const changed = withNew.status === 200
  const [into, who] = changed ? [withNew, next] : [withOld, old]
  if (withOld.status + withNew.status !== 200 + 401)
    wrong(`I8 passwords: old ${withOld.status}, new ${withNew.status}`)
  if (changed) {
    person.password = maybe
    person.ended.push(...person.held.splice(0))
  }
  if (into.status === 200) person.held.push(heldBy(into, who))
}

/** What is kept fits what was told, and itself. */
export async function lookAtRows({ query }: Fleet, { people, violations }: Load): Promise<void> {
  const rows = await query('select id, generation, "endedAt" from sessions')
  const byId = new Map(rows.map((row) => [row.id, row]))
  for (const { name, held } of people)
    for (const { id, generation } of held) {
      const row = byId.get(id)
      if (!row || row.endedAt !== null || Number(row.generation) !== generation)
        violations.push(`I1 ${name}: ${generation} renewals, kept ${JSON.stringify(row)}`)
    }
  const [owners] = await query(
    `select count(*) as n from users where role = 'owner' and "disabledAt" is null`,
  )
  if (Number(owners?.n) !== 1) violations.push(`I5 owners: ${owners?.n}`)
  // Each session was opened once, and each end is on record as often as it happened: once.
  const unlike = await query(`
    select s.id, s."endReason" from sessions s where
      (s."endReason" = 'logout' and 1 <> (select count(*) from audit a
        where a.session = s.id and a.type = 'auth.signed_out'))
      or (s."endReason" = 'revoked' and 1 <> (select count(*) from audit a
        where a.session = s.id and a.type = 'session.revoked'))
      or (s."endReason" is null and 0 <> (select count(*) from audit a
        where a.session = s.id and a.type in ('auth.signed_out', 'session.revoked')))
      or 1 < (select count(*) from audit a where a.session = s.id and a.type = 'auth.signed_in')`)
  for (const row of unlike) violations.push(`I7 not on record as it is: ${JSON.stringify(row)}`)
  const astray = await query(`
    select a.id from audit a left join sessions s on s.id = a.session
    where a.type = 'auth.signed_in' and s.id is null`)
  for (const row of astray) violations.push(`I7 a record without its session: ${row.id}`)
  const cut = await query(`
    select c.chain from audit_chains c left join audit a on a.chain = c.chain
    group by c.chain, c.seq, c.mac
    having count(a.seq) <> c.seq or max(a.seq) <> c.seq
      or max(case when a.seq = c.seq then a.mac end) <> c.mac`)
  for (const { chain } of cut) violations.push(`I7 a chain that does not run to its head: ${chain}`)
}
