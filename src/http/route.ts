/**
 * Routes: what each must say of itself, and the table that finds one. A table with a route that does
 * not say who may call it is refused when it is made, so the server does not start.
 *
 * @module
 */
import type { AnyCaller, Caller } from '../flows/authenticate.ts'
import type { Refusal } from '../rules/refusal.ts'
import type { Schema } from '../wire.ts'
import type { Cookies } from './cookies.ts'
import type { Incoming, Site } from './site.ts'

export type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Who may call a route, and how. */
export interface Guard {
  /** `signed-in` needs a session that stands; an unsafe method then needs its CSRF token too. */
  readonly caller: 'anyone' | 'signed-in'
  /** Whether a restricted session, one that must change its password first, may call it. */
  readonly restricted: boolean
  /** What the caller must be allowed to do, */
  readonly permission?: string | undefined
  /** everywhere, or here. */
  readonly scope?: string | undefined
  /** The role the caller must have, or a higher one. */
  readonly role?: string | undefined
  /** Whether the password must have been shown a short while ago. */
  readonly stepUp?: true
  /** Whether an API key may call it as well: what needs a permission and no recent password. */
  readonly keys?: true
  /** Whether it stands for another request, that a trusted proxy describes in `X-Forwarded-*`. */
  readonly forwarded?: true
  /** Whether it passes the origin gate although its method is safe; `if told`: where there is an origin. */
  readonly sameOrigin?: true | 'if told'
  /** Whether it leaves the idle limit alone: it is no sign of a person. */
  readonly passive?: true
  /**
   * The tier of limits it counts towards besides the floor; left out, that of who is calling. `floor`
   * has no other, `login` is counted with the guess.
   */
  readonly limit?: 'floor' | 'login' | 'setup' | 'changePassword' | 'refresh'
  /** Whether it answers for any host: probes know only an address. */
  readonly anyHost?: true
}

/** What a route is handed once its guard has let the request in. */
export interface Asked<Body = unknown, Query = unknown> {
  readonly site: Site
  readonly request: Incoming
  readonly params: Readonly<Record<string, string>>
  readonly body: Body
  readonly query: Query
  readonly cookies: Cookies
  /** Whose address it is, behind trusted proxies. */
  readonly address: string
  readonly userAgent: string
}

export interface Answer {
  readonly ok: true
  readonly status: number
  /** Sent as JSON; left out, there is no body. */
  readonly body?: unknown
  /** Sent as it comes, instead of a body; its type is in the headers. */
  readonly stream?: ReadableStream<Uint8Array>
  /** Sent as it is, instead of a body; its type is in the headers. */
  readonly text?: string
  /** `Set-Cookie` values. */
  readonly cookies?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

/** A no that takes cookies away with it, or says more in headers. */
export type Refused = Refusal & {
  readonly cookies?: readonly string[]
  readonly headers?: Readonly<Record<string, string>>
}

interface Described {
  readonly method: Method
  /** Below the base path, as in `/auth/sessions/{id}`. */
  readonly path: string
  readonly summary: string
  readonly answers: Answers
}

/** What is answered, by status: a shape as JSON, text of a type, or no body. Problems go without saying. */
export type Answers = Readonly<Record<number, Schema | 'nothing' | `${string}/${string}`>>

/** A route as the table holds it, its shapes forgotten. */
export interface Route extends Described {
  readonly guard: Guard
  /** `none` takes no body, `json` any object, a schema what it describes. */
  readonly body: 'none' | 'json' | Schema
  readonly bodyOptional?: true
  readonly query?: Schema
  /** Asked before the body is read: the no of a route whose credentials its guard does not know. */
  readonly before?: (asked: Omit<Asked, 'body' | 'query'>) => Promise<Refused | undefined>
  readonly answer: (asked: Asked, caller: AnyCaller | undefined) => Promise<Answer | Refused>
  /** What becomes of a request that the guard refuses; left out, it is told as it is. */
  readonly turnedAway?: (away: TurnedAway) => Answer | Refused
}

/** A request that the guard refused. */
export interface TurnedAway {
  readonly site: Site
  readonly request: Incoming
  readonly refusal: Refusal
  /** Whether a trusted proxy asks, so that its word about the request counts. */
  readonly proxied: boolean
}

interface Shapes<Body, Query> {
  readonly body: 'none' | 'json' | Schema<Body>
  /** Whether sending no body says the same as `{}`. */
  readonly bodyOptional?: true
  readonly query?: Schema<Query>
}

/** A route for anyone. */
export function open<Body, Query>(
  said: Described &
    Shapes<Body, Query> & {
      readonly guard?: Omit<Guard, 'caller' | 'restricted'>
      readonly before?: NonNullable<Route['before']>
      readonly answer: (asked: Asked<Body, Query>) => Promise<Answer | Refused>
    },
): Route {
  const guard: Guard = { caller: 'anyone', restricted: true, ...said.guard }
  // The pipeline has put body and query through the schemas that give these types.
  return { ...said, guard, answer: (asked) => said.answer(asked as Asked<Body, Query>) }
}

/** A route for a signed-in person, who is handed to it. */
export function signedIn<Body, Query>(
  said: Described &
    Shapes<Body, Query> & {
      readonly guard: Omit<Guard, 'caller'>
      readonly answer: (asked: Asked<Body, Query>, caller: Caller) => Promise<Answer | Refused>
    },
): Route {
  const guard: Guard = { ...said.guard, caller: 'signed-in' }
  return {
    ...said,
    guard,
    answer(asked, caller) {
      if (!caller?.session) throw new Error(`${said.method} ${said.path}: let in without a session`)
      return said.answer(asked as Asked<Body, Query>, caller)
    },
  }
}

/** A route for a signed-in person or for an API key, whichever it is. */
export function alsoByKey<Body, Query>(
  said: Described &
    Shapes<Body, Query> & {
      readonly guard: Omit<Guard, 'caller' | 'keys' | 'stepUp'>
      readonly answer: (asked: Asked<Body, Query>, caller: AnyCaller) => Promise<Answer | Refused>
      readonly turnedAway?: Route['turnedAway'] & {}
    },
): Route {
  const guard: Guard = { ...said.guard, caller: 'signed-in', keys: true }
  return {
    ...said,
    guard,
    answer(asked, caller) {
      if (!caller) throw new Error(`${said.method} ${said.path}: let in without a caller`)
      return said.answer(asked as Asked<Body, Query>, caller)
    },
  }
}

/** What a path leads to: a route and its parameters, or the methods that path knows. */
export type Match =
  | { readonly kind: 'route'; readonly route: Route; readonly params: Record<string, string> }
  | { readonly kind: 'method'; readonly allow: readonly string[] }
  | { readonly kind: 'nothing' }

/**
 * Makes the table. Paths match byte for byte: no other spelling of one leads anywhere.
 *
 * @throws {Error} For a route without a guard, or two that are the same.
 */
export function routeTable(
  routes: readonly Route[],
  basePath: string,
): (method: string, path: string) => Match {
  const seen = new Set<string>()
  const table = routes.map((route) => {
    const name = `${route.method} ${route.path}`
    const { caller, restricted } = route.guard ?? {}
    if (!['anyone', 'signed-in'].includes(caller) || typeof restricted !== 'boolean')
      throw new Error(`route ${name}: says neither who may call it nor whether restricted`)
    if (route.guard.keys && (route.guard.stepUp || caller === 'anyone'))
      throw new Error(`route ${name}: no key shows a password, and anyone needs none`)
    if (seen.has(name)) throw new Error(`route ${name}: is there twice`)
    seen.add(name)
    return { route, parts: `${basePath}${route.path}`.split('/') }
  })
  // A path without parameters leads where it says, and nowhere else unless one with them has its form.
  const plain = new Map<string, Found[]>()
  for (const { parts } of table) {
    const path = parts.join('/')
    if (!path.includes('{')) plain.set(path, foundIn(table, path))
  }

  return (method, path) => {
    const found = plain.get(path) ?? foundIn(table, path)
    if (found.length === 0) return { kind: 'nothing' }
    const wanted = method === 'HEAD' ? 'GET' : method
    const match = found.find(({ route }) => route.method === wanted)
    if (match) return { kind: 'route', ...match }
    const methods = found.map(({ route }) => route.method)
    return { kind: 'method', allow: methods.includes('GET') ? [...methods, 'HEAD'] : methods }
  }
}

interface Found {
  readonly route: Route
  readonly params: Record<string, string>
}

function foundIn(
  table: readonly { readonly route: Route; readonly parts: string[] }[],
  path: string,
): Found[] {
  const asked = path.split('/')
  return table.flatMap(({ route, parts }) => {
    const params = paramsOf(parts, asked)
    return params ? [{ route, params }] : []
  })
}

function paramsOf(parts: string[], asked: string[]): Record<string, string> | undefined {
  if (parts.length !== asked.length) return undefined
  const params: Record<string, string> = {}
  for (const [index, part] of parts.entries()) {
    const given = asked[index] ?? ''
    if (!part.startsWith('{')) {
      if (part !== given) return undefined
    } else if (/^[A-Za-z0-9_-]{1,64}$/.test(given)) {
      params[part.slice(1, -1)] = given
    } else return undefined
  }
  return params
}
