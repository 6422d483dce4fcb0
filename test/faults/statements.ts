/**
 * Faults at the n-th statement that a request sends to its database. The drivers themselves are
 * altered, in this process only, so that SQLite and PostgreSQL answer as they would: a statement fails,
 * is answered too late, loses its connection, or is the last one of a process that dies.
 *
 * @see sqlite.org/testing.html, 3.2 I/O error testing: the n-th operation fails, then n + 1, …
 * @module
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { DatabaseSync, StatementSync } from 'node:sqlite'
import pg from 'pg'

export const kinds = [
  /** The database says no, with a code that nobody expects. */
  'error',
  /** SQLite: busy. PostgreSQL: it is done, and the answer comes too late. */
  'timeout',
  /** SQLite: the disk fails. PostgreSQL: the connection is gone before the statement is sent. */
  'connection loss',
  'killed before',
  'killed after',
] as const
export type FaultKind = (typeof kinds)[number]

export interface Plan {
  readonly kind: FaultKind
  /** Counted from 1. */
  readonly at: number
  /** Whether all that follow fail too. */
  readonly persistent: boolean
  /** Statements so far. */
  seen: number
  /** Faults so far. */
  fired: number
  over: boolean
  /** Called when the process dies. */
  die(): void
}

const plans = new AsyncLocalStorage<Plan>()
const connections = new WeakMap<StatementSync, DatabaseSync>()
const clients = new Set<Plug>()

/** As much of a client of PostgreSQL as can be pulled. */
interface Plug {
  readonly connectionParameters: { readonly application_name?: string }
  readonly connection: { readonly stream: { destroy(): void; readonly destroyed: boolean } }
}

/** Time that waiting for a database that stays away has been spared. */
let spared = 0
const elapsed = performance.now.bind(performance)
performance.now = () => elapsed() + spared
const begun = Date.now() - elapsed()

/** The clock of the machine; nobody has to wait for a database that stays away. */
export const clock = {
  now: () => Math.round(begun + performance.now()),
  elapsed: () => performance.now(),
}

/** Does `work`, and a fault at one of the statements it sends. */
export async function faulty<T>(
  given: Pick<Plan, 'kind' | 'at' | 'persistent'>,
  work: () => Promise<T>,
): Promise<{ readonly answer: T | undefined; readonly plan: Plan }> {
  // What a process that dies would have answered nobody hears.
  const { promise: death, resolve } = Promise.withResolvers<undefined>()
  const plan: Plan = { ...given, seen: 0, fired: 0, over: false, die: () => resolve(undefined) }
  try {
    const done = plans.run(plan, work).catch((error) => {
      if (!isKill(plan) || plan.fired === 0) throw error
      return undefined
    })
    return { answer: await Promise.race([done, death]), plan }
  } finally {
    plan.over = !isKill(plan)
  }
}

export const isKill = ({ kind }: Pick<Plan, 'kind'>): boolean => kind.startsWith('killed')

/** Whether there is to be a fault at the statement that is sent now. */
function due(): Plan | undefined {
  const plan = plans.getStore()
  if (!plan || plan.over) return undefined
  plan.seen += 1
  const dead = isKill(plan) && plan.fired > 0
  if (!dead && plan.seen !== plan.at && !(plan.persistent && plan.seen > plan.at)) return undefined
  plan.fired += 1
  if (plan.fired > 3) spared += 500
  if (plan.kind === 'killed before') plan.die()
  return plan
}

const failed = (errcode: number, message: string) =>
  Object.assign(new Error(message), { errcode, code: 'ERR_SQLITE_ERROR' })

/** A statement of SQLite. */
function struck<T>(connection: DatabaseSync | undefined, run: () => T): T {
  const plan = connection && due()
  if (!plan) return run()
  switch (plan.kind) {
    case 'error':
      throw failed(1, 'SQL logic error')
    case 'timeout':
      throw failed(5, 'database is locked')
    case 'connection loss':
      throw failed(778, 'disk I/O error')
    case 'killed before':
      if (connection.isOpen) connection.close()
      throw new Error('killed')
    case 'killed after':
      if (connection.isOpen) {
        run()
        connection.close()
      }
      plan.die()
      throw new Error('killed')
  }
}

function alterSqlite(): void {
  const { prepare, exec } = DatabaseSync.prototype
  DatabaseSync.prototype.prepare = function (...given) {
    const statement = prepare.apply(this, given)
    connections.set(statement, this)
    return statement
  }
  DatabaseSync.prototype.exec = function (text) {
    return struck(this, () => exec.call(this, text))
  }
  for (const name of ['all', 'run', 'get'] as const) {
    const before = StatementSync.prototype[name] as (...given: unknown[]) => never
    StatementSync.prototype[name] = function (this: StatementSync, ...given: unknown[]) {
      return struck(connections.get(this), () => before.apply(this, given))
    }
  }
}

type Answered = (error: Error | null, result?: unknown) => void
type Send = (this: unknown, query: unknown, values?: unknown, answered?: Answered) => unknown

/** Every connection of the servers to PostgreSQL goes; those of the test stay. */
function unplug(): void {
  for (const one of clients)
    if (one.connectionParameters.application_name?.startsWith('sallyport'))
      one.connection.stream.destroy()
  clients.clear()
}

function alterPostgres(): void {
  const client = pg.Client.prototype as unknown as { query: Send }
  const send = client.query
  client.query = function (query, values, answered) {
    const self = this as Plug
    clients.add(self)
    const plan = due()
    if (!plan) return send.call(this, query, values, answered)
    const told = typeof values === 'function' ? (values as Answered) : answered
    const lose = () => self.connection.stream.destroy()
    switch (plan.kind) {
      case 'error':
        return send.call(this, { text: 'select 1 / 0' }, told)
      case 'connection loss':
        lose()
        return send.call(this, query, values, answered)
      case 'killed before':
        unplug()
        lose()
        return send.call(this, query, values, answered)
      case 'timeout':
        return after(this, query, values, told, lose)
      case 'killed after':
        return after(this, query, values, told, () => {
          unplug()
          plan.die()
        })
    }
  }

  /** It is done, and whoever asked does not hear of it. */
  function after(
    self: unknown,
    query: unknown,
    values: unknown,
    told: Answered | undefined,
    then: () => void,
  ): unknown {
    const late = () => {
      then()
      return new Error('Query read timeout')
    }
    const given = typeof values === 'function' ? undefined : values
    if (told) return send.call(self, query, given, () => told(late()))
    const sent = send.call(self, query, given) as Promise<unknown>
    return sent.then(
      () => Promise.reject(late()),
      () => Promise.reject(late()),
    )
  }
}

alterSqlite()
alterPostgres()
