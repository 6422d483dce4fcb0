/**
 * The real system under the model: a gate on a fresh database with its clock set by hand, browsers with
 * cookie jars, and a look past it at what is kept and recorded. After every call all of it is held
 * against what the model says.
 *
 * @module
 */
import { isDeepStrictEqual } from 'node:util'
import type { createSallyport } from '../../src/index.ts'
import { noLimits, origin, reach, secret, setupToken } from '../gate/gate.ts'
import { type Got, type Visitor, visitor } from '../gate/visitor.ts'
import { browsers, isKept, type Model, minute, type Person, type Policy } from './model.ts'
import type { Asked, Line } from './said.ts'

const names = { access: '__Host-session', refresh: '__Host-refresh', csrf: '__Host-csrf' } as const

export interface Real {
  readonly browsers: readonly Visitor[]
  /** Sends what is asked and throws where the answer, the cookies or what is kept is not as expected. */
  answer(model: Model, at: number, asked: Asked): Promise<void>
  pass(time: number): void
  close(): Promise<void>
}

export async function openReal(
  create: typeof createSallyport,
  database: string,
  { limit, limitPolicy, remember, refresh, lifetimes }: Policy,
  start: number,
): Promise<Real> {
  let now = start
  const faults: unknown[] = []
  const gate = await create({
    publicOrigin: origin,
    database,
    secret,
    setupToken,
    clock: { now: () => now, elapsed: () => now },
    onFault: ({ error }) => faults.push(error),
    refresh: { enabled: refresh },
    session: { limit, limitPolicy, remember, ...inMinutes(lifetimes) },
    // How often may be tried is the subject of others.
    limits: noLimits,
    lockout: { threshold: 100, perAddress: 100_000 },
  })
  const { query, close } = await reach(database)
  const all = Array.from({ length: browsers }, () => visitor(gate))
  const seen = new Set<unknown>()
  let since = 0

  /** What was recorded since the last time. */
  async function lines(): Promise<Record<string, unknown>[]> {
    const fields = 'id, type, actor, subject, session, outcome, reason, details'
    const rows = await query(`select ${fields} from audit where at >= ${since}`)
    const fresh = rows.filter(({ id }) => !seen.has(id))
    for (const { id } of fresh) seen.add(id)
    since = now
    return fresh.map(({ id: _, ...line }) => line)
  }

  return {
    browsers: all,
    async answer(model, at, asked) {
      const who = all[at] as Visitor
      const { method, path, json, headers = {}, expected } = asked
      const got = await who.send(method, path, { headers, ...(json !== undefined && { json }) })
      if (faults.length > 0) throw new Error('a fault', { cause: faults[0] })
      const { status, code, reason } = expected
      same('answer', [got.status, got.json.code, got.json.reason], [status, code, reason])
      expected.adopt?.(got)
      sameCookies(got, who, asked)
      const known = new Map(model.people.map((person) => [`user:${person.id}`, person]))
      same(
        'audit',
        sorted((await lines()).map((line) => plain(line, known))),
        sorted((expected.lines ?? []).map(spelled)),
      )
      same('sessions', await keptSessions(query, now), modelSessions(model))
    },
    pass: (time) => {
      now += time
    },
    async close() {
      await close()
      await gate.close()
    },
  }
}

/** Lifetimes as settings say them. */
function inMinutes({ privileged, plain, remembered }: Policy['lifetimes']) {
  const [idle, absolute] = plain.map(said) as [string, string]
  const [privilegedIdle, privilegedAbsolute] = privileged.map(said) as [string, string]
  const [rememberedIdle, rememberedAbsolute] = remembered.map(said) as [string, string]
  return {
    ...{ idle, absolute, privilegedIdle, privilegedAbsolute },
    ...{ rememberedIdle, rememberedAbsolute },
  }
}
const said = (time: number): string => `${time / minute}m`

function same(what: string, got: unknown, wanted: unknown): void {
  if (isDeepStrictEqual(got, wanted)) return
  throw new Error(`${what}: is\n${JSON.stringify(got)}\nshould be\n${JSON.stringify(wanted)}`)
}

/** Cookies are those that are expected, and a refresh token is the same for the same generation. */
function sameCookies(got: Got, { jar }: Visitor, { expected }: Asked): void {
  const { cookies, session, device } = expected
  const set = got.set.map((one) => one.replace(/=.*?(; Max-Age=0)?$/, '$1'))
  const refreshes = got.set.some((one) => one.startsWith(`${names.refresh}=`))
  const granted = [
    names.access,
    ...(refreshes ? [names.refresh] : []),
    names.csrf,
    ...(device ? ['__Host-device'] : []),
  ]
  const cleared = [names.access, names.refresh, names.csrf].map((name) => `${name}; Max-Age=0`)
  same('cookies', set, cookies === 'granted' ? granted : cookies ? cleared : [])
  if (!session) return
  const csrf = jar.get(names.csrf) ?? ''
  if (session.csrf !== '') same('CSRF token', csrf, session.csrf)
  session.csrf = csrf
  if (!refreshes) return
  const token = jar.get(names.refresh) ?? ''
  const { generation, tokens } = session
  const before = tokens.get(generation)
  if (before === undefined && [...tokens.values()].includes(token))
    throw new Error(`refresh token of generation ${generation} is an old one`)
  if (before !== undefined) same('successor', token, before)
  tokens.set(generation, token)
}

const nameOf = (person: Person | undefined): string => (person ? `user:${person.id}` : 'anonymous')

/** A line as the model says it. */
function spelled({ type, actor, subject, session, outcome, reason, details }: Line) {
  return {
    type,
    actor: nameOf(actor),
    subject: typeof subject === 'object' ? nameOf(subject) : (subject ?? null),
    session: session?.id ?? null,
    outcome: outcome ?? 'success',
    reason: reason ?? null,
    details: details?.() ?? null,
  }
}

/** A line as it was recorded; whom nobody knows is a name that was typed, or was never made. */
function plain(line: Record<string, unknown>, known: ReadonlyMap<string, Person>) {
  const subject = String(line.subject)
  const isPseudonym = /^name:[\w-]{22}$/.test(subject)
  const isStranger = /^user:[\w-]{22}$/.test(subject) && !known.has(subject)
  return {
    ...line,
    subject: isPseudonym ? 'a pseudonym' : isStranger ? 'user:?' : line.subject,
    details: line.details === null ? null : JSON.parse(String(line.details)),
  }
}

const sorted = (lines: readonly object[]): string[] =>
  lines
    .map((line) => JSON.stringify(Object.entries(line).sort(([a], [b]) => (a < b ? -1 : 1))))
    .sort()

const columns = [
  ...['id', 'userId', 'kind', 'remembered', 'createdAt', 'lastActiveAt', 'idleUntil', 'expiresAt'],
  ...['provenAt', 'generation', 'endedAt', 'endReason', 'replacedAt'],
]
const number = (value: unknown) => (/^\d+$/.test(String(value)) ? Number(value) : value)

/** The rows of sessions, as far as they must be kept. */
async function keptSessions(query: Awaited<ReturnType<typeof reach>>['query'], now: number) {
  const list = columns.map((name) => `"${name}"`).join(', ')
  const rows = await query(
    `select ${list} from sessions where "expiresAt" + 86400000 > ${now} order by id`,
  )
  return rows.map((row) => columns.map((name) => number(row[name])))
}

const modelSessions = (model: Model) =>
  model.sessions
    .filter((one) => isKept(model, one))
    .sort((a, b) => (a.id < b.id ? -1 : 1))
    .map((one) => [
      ...[one.id, one.owner.id, one.restricted ? 'restricted' : 'full', Number(one.remembered)],
      ...[one.createdAt, one.lastActiveAt, one.idleUntil, one.expiresAt, one.provenAt],
      ...[one.generation, one.ended?.at ?? null, one.ended?.reason ?? null, one.replacedAt ?? null],
    ])
