/**
 * What holds of every answer and after every test, whatever was tried (`security.md` 0.2): it stands
 * here once, and the gate of every test is watched for it.
 *
 * @module
 */
import { type Plain, responseFrom } from '../../src/http/plain.ts'
import type { Incoming } from '../../src/http/site.ts'
import type { Sallyport } from '../../src/index.ts'
import { oneByOne } from '../../src/rules/audit-flood.ts'
import { issueRoot, leaked, learnFrom } from './canary.ts'
import { type DatabaseKind, whole } from './form.ts'

/** What only a broken program would tell: stacks, statements, paths, libraries. */
export const broken =
  /\bat .+:\d+:\d+|\b(?:select|insert|update) .*\b(?:from|into|set)\b|sqlite|postgres|node_modules|\.ts\b|argon2|Error:/i

/** Refusals that are on record, and as what (U5). */
const recordedAs: Readonly<Record<string, readonly string[]>> = {
  csrf_rejected: ['csrf.rejected'],
  invalid_credentials: ['auth.refused'],
  account_locked: ['auth.refused', 'auth.locked'],
  forbidden: ['access.refused', 'auth.refused'],
  wrong_password: ['password.refused', 'auth.locked'],
}
/** How long one request may keep everybody else waiting, in milliseconds (U4). */
const longest = 100
/** Refusals that change something because they are meant to: a used token ends its session. */
const changing = new Set(['refresh_token_invalid', 'account_locked'])

interface Kept {
  readonly query: (statement: string) => Promise<Record<string, unknown>[]>
  /** All that a refused request may not change. */
  readonly state: () => Promise<string | undefined>
}

interface Closing {
  readonly query: Kept['query']
  /** Faults that were told. */
  readonly told: readonly unknown[]
  /** Asks for what anybody may have, and gives the status. */
  readonly next?: (() => Promise<number>) | undefined
  /** Asks for metrics with a session cookie, through what is watched. */
  readonly metrics?: ((cookie: string) => Promise<unknown>) | undefined
}

export interface Witness {
  /** The same node, watched. */
  watch(node: Sallyport): Sallyport
  /** Looks through everything that is kept. @throws With all that does not hold. */
  close(closing: Closing): Promise<void>
  /** From here on. */
  keep(kept: Kept): void
}

/**
 * @param strict Whether faults are none of what the test is about.
 * @param compared Whether what is kept is looked at around each request that nothing else overlaps.
 */
export function witness(
  roots: readonly (string | undefined)[],
  strict: boolean,
  compared = whole,
): Witness {
  for (const root of roots) if (root !== undefined) issueRoot(root)
  const wrong = new Set<string>()
  const codes = new Set<string>()
  const took: number[] = []
  /** Session cookies that were set, the first, which is the owner's, and the last. */
  let [first, last] = ['', '']
  let kept: Kept | undefined
  let running = 0
  let begun = 0

  function look({ method, url }: Incoming, { status, headers, body }: Plain): string | undefined {
    const path = pathOf(url)
    const said = typeof body === 'string' ? body : ''
    const set = [headers['set-cookie'] ?? headers['Set-Cookie'] ?? []].flat()
    const text = learnFrom({ method, path }, { status, set, text: said })
    const others = Object.entries(headers).filter(([name]) => !/^set-cookie$/i.test(name))
    const at = `${method} ${path}: ${status}`
    const found = leaked(text) ?? leaked(JSON.stringify(others))
    if (found !== undefined) wrong.add(`U7 ${at} tells ${found}`)
    if (status < 300) {
      last = set.flatMap((one) => /^[^=]*session=[^;]+/.exec(one)?.[0] ?? [])[0] ?? last
      first ||= last
    }
    if (status < 400) return undefined
    if (set.some((one) => !/^[^=]+=;.*Max-Age=0(?:;|$)/i.test(one)))
      wrong.add(`U2 ${at} sets a cookie`)
    if (status > 500 && !Object.keys(headers).some((name) => /^retry-after$/i.test(name)))
      wrong.add(`U4 ${at}`)
    if (status === 500 && strict) wrong.add(`U4 ${at}`)
    if (said === '') {
      if (method !== 'HEAD') wrong.add(`U3 ${at} says nothing`)
      return undefined
    }
    const { code, type, title, instance } = said.startsWith('{') ? JSON.parse(said) : {}
    const isProblem = type === `https://sallyport.dev/problems/${code}` && title && instance
    if (!isProblem || broken.test(said)) {
      // The way to the doctor: a list of checks that do not hold is no refusal.
      if (!path.endsWith('/health/ready')) wrong.add(`U3 ${at} ${said.slice(0, 200)}`)
    }
    codes.add(code)
    return code
  }

  return {
    keep(now) {
      kept = now
    },
    watch: (node) =>
      watched(node, async (request, from) => {
        const mine = ++begun
        const alone = running++ === 0
        try {
          const before = compared && alone ? await seen(kept) : undefined
          const began = onThread()
          const plain = await node.handlePlain(request, from)
          if (alone && begun === mine) took.push(onThread() - began)
          const code = look(request, plain)
          if (before === undefined || code === undefined) return plain
          const after = await seen(kept)
          if (begun !== mine || after === undefined) return plain
          const at = `${request.method} ${pathOf(request.url)}: ${code}`
          if (after.state !== before.state && !changing.has(code))
            wrong.add(`U1 ${at} changed what is kept`)
          const more = (type: string) => (after.records[type] ?? 0) - (before.records[type] ?? 0)
          const as = recordedAs[code] ?? []
          const flood = as.some((type) => (before.records[type] ?? 0) >= oneByOne)
          if (as.length > 0 && !flood && !as.some((type) => more(type) > 0))
            wrong.add(`U5 ${at} is not on record`)
          return plain
        } finally {
          running--
        }
      }),
    async close({ query, told, next, metrics }) {
      if (strict) for (const cookie of new Set([first, last])) if (cookie) await metrics?.(cookie)
      const rows = await everything(query)
      const found = leaked(rows)
      if (found !== undefined) wrong.add(`U7 the database keeps ${found}`)
      const said = leaked(told.map(outspoken).join())
      if (said !== undefined) wrong.add(`U7 a fault tells ${said}`)
      const types = new Set(
        (await query('select distinct type from audit')).map(({ type }) => type),
      )
      for (const code of codes) {
        const as = recordedAs[code]
        if (as && !as.some((type) => types.has(type))) wrong.add(`U5 ${code} is not on record`)
      }
      took.sort((a, b) => a - b)
      const slow = took[Math.ceil(took.length * 0.99) - 1] ?? 0
      // In the campaign: where everything else is tested at the same time, a cold start would be found.
      if (compared && slow > longest)
        wrong.add(`U4 a request keeps the thread for ${Math.round(slow)} ms`)
      const status = strict ? await next?.() : undefined
      if (status !== undefined && status !== 200) wrong.add(`U4 the next request: ${status}`)
      if (wrong.size > 0) throw new Error([...wrong].join('\n'))
    },
  }
}

/** What is kept, and how much is on record. */
async function seen(kept: Kept | undefined) {
  const state = await kept?.state()
  if (kept === undefined || state === undefined) return undefined
  const rows = await kept.query('select type, count(*) as n from audit group by type')
  return { state, records: Object.fromEntries(rows.map(({ type, n }) => [type, Number(n)])) }
}

/**
 * Milliseconds this thread has worked: what others wait for. The clock on the wall would tell how busy
 * the machine is.
 */
function onThread(): number {
  const { user, system } = process.threadCpuUsage()
  return (user + system) / 1_000
}

const watched = (node: Sallyport, handlePlain: Sallyport['handlePlain']): Sallyport => ({
  ...node,
  handlePlain,
  handle: async (request, from) => responseFrom(await handlePlain(request, from)),
})

/** A server is also asked for what is no URL. */
const pathOf = (url: string): string => URL.parse(url)?.pathname ?? url

/** All that an error says, to whoever writes it down. */
const outspoken = (error: unknown): string =>
  error instanceof Error
    ? `${error.message} ${error.stack} ${outspoken(error.cause)} ${JSON.stringify(error)}`
    : String(error)

/** Tables that no refused request changes. */
export const lasting = ['instance', 'users', 'sessions', 'devices', 'keys', 'tickets'] as const

/**
 * What those tables hold, but when somebody was last here, which is written down for who is refused as
 * well; nothing when they cannot be read. One statement: it is asked twice a request.
 */
export async function stateOf(
  query: Kept['query'],
  kind: DatabaseKind,
): Promise<string | undefined> {
  const parts = lasting.map((name) => `(select json_agg(t order by id)::text from ${name} t)`)
  const read =
    kind === 'postgres'
      ? query(`select concat(${parts.join()}) as all`)
      : Promise.all(lasting.map((name) => query(`select * from ${name} order by id`)))
  return read.then(
    (rows) =>
      JSON.stringify(rows).replaceAll(/\\?"(?:lastActiveAt|idleUntil)\\?":\\?"?\d+\\?"?/g, ''),
    () => undefined,
  )
}

/** Everything a database keeps, table by table, bytes as they are and as text. */
export async function everything(query: Kept['query']): Promise<string> {
  const rows: unknown[] = []
  for (const { name } of await query(await listing(query)))
    rows.push([name, await query(`select * from "${name}"`)])
  return JSON.stringify(rows, (_, value) => {
    const bytes = value?.type === 'Buffer' ? Buffer.from(value.data) : value
    return bytes instanceof Uint8Array
      ? `${Buffer.from(bytes).toString('latin1')} ${Buffer.from(bytes).toString('base64url')}`
      : value
  })
}

async function listing(query: Kept['query']): Promise<string> {
  const tables = `select table_name as name from information_schema.tables where table_schema = 'sallyport'`
  return query('select 1 from sqlite_schema limit 1').then(
    () => `select name from sqlite_schema where type = 'table'`,
    () => tables,
  )
}
