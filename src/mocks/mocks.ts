/**
 * The routes as mocks, for tests and stories of a front end that has no server: the answers of the
 * real routes, from a handful of people in memory. Nothing of it is a gate; it protects nothing.
 *
 * @example
 * ```ts
 * import { http } from 'msw'
 * import { setupServer } from 'msw/node'
 * import { mockSallyport } from 'sallyport/mocks'
 *
 * const sallyport = mockSallyport({ people: { ada: 'owner', bob: 'member' }, signedIn: 'bob' })
 * const server = setupServer(...sallyport.handlers(http))
 * ```
 *
 * @module
 */
import { problemOf } from '../http/problem.ts'
import type { EndReason } from '../rules/facts.ts'
import { accessFrom, type OwnAccess } from '../rules/own-roles.ts'
import type { RefusalCode } from '../rules/refusal.ts'
import type { Signed, User } from '../wire.ts'
import type { MockRoute, Told } from './mock-route.ts'
import { mockRoutes } from './mock-routes.ts'
import {
  csrf,
  end,
  enter,
  type MockPerson,
  type MockWorld,
  newId,
  newPerson,
  newSession,
  type Person,
  password,
  signedNow,
  stepUpWindow,
} from './mock-world.ts'

export type { MockPerson } from './mock-world.ts'

export interface MockOptions {
  /** By user name: a role, or more. Nobody at all is an instance that needs its owner. */
  readonly people?: Readonly<Record<string, MockPerson | string>>
  /** Who is signed in at the start. */
  readonly signedIn?: string
  /** Roles and permissions of your own, as the server has them. */
  readonly access?: OwnAccess
  /** Default `/api/v1`. */
  readonly basePath?: string
}

/** As much of MSW's `http` as is used. */
export interface Http<Handler> {
  readonly get: Register<Handler>
  readonly post: Register<Handler>
  readonly patch: Register<Handler>
  readonly delete: Register<Handler>
}
type Register<Handler> = (
  path: string,
  resolver: (info: { readonly request: Request }) => Promise<Response>,
) => Handler

export interface MockSallyport {
  /** For MSW: one handler for each route, on whatever origin. */
  readonly handlers: <Handler>(http: Http<Handler>) => Handler[]
  /** For whoever has no MSW: `createClient({ fetch: mock.fetch })`. What is not ours goes out. */
  readonly fetch: typeof globalThis.fetch
  /** Everybody's password, and what claims an instance without people. */
  readonly password: string
  readonly setupToken: string
  /** Who is signed in. */
  readonly signedIn: () => Signed | undefined
  readonly signIn: (username: string) => Signed
  readonly user: (username: string) => User | undefined
  /** Lets the access token be over: the session has to be renewed once. */
  readonly expire: () => void
  /** Ends the session of this browser, as from elsewhere. */
  readonly end: (reason: EndReason) => void
  /** Lets the last proof of the password grow old. */
  readonly grownOld: () => void
  /** Lets a name rest, milliseconds. */
  readonly lockOut: (username: string, length: number) => void
  /** A session of this person in another browser. */
  readonly elsewhere: (username: string) => void
  /** The server cannot be reached, until `back`. */
  readonly away: () => void
  readonly back: () => void
  /** Refuses the next call of a route, as in `POST /auth/login`. `retryAfter` in milliseconds. */
  readonly refuse: (route: string, code: RefusalCode, retryAfter?: number) => void
}

export function mockSallyport(options: MockOptions = {}): MockSallyport {
  const { people = {}, signedIn, basePath = '/api/v1' } = options
  const { access, complaints } = accessFrom(options.access)
  if (complaints.length > 0) throw new Error(`mockSallyport: ${complaints.join(' ')}`)
  const world: MockWorld = {
    access,
    people: new Map(),
    sessions: [],
    keys: [],
    mine: undefined,
    ended: new Map(),
    expired: false,
    freshUntil: 0,
    resting: new Map(),
    setupToken: 'the set-up token of a mock',
  }
  const refusals = new Map<string, Told>()
  let isAway = false

  for (const [username, said] of Object.entries(people))
    newPerson(world, username, typeof said === 'string' ? { role: said } : said)
  if (signedIn !== undefined) enter(world, named(signedIn))

  function named(username: string): Person {
    const person = world.people.get(username)
    if (!person) throw new Error(`mockSallyport: there is no ${username}`)
    return person
  }

  async function answer(request: Request): Promise<Response> {
    if (isAway) throw new TypeError('Failed to fetch')
    const { pathname, searchParams: query } = new URL(request.url)
    const found = routeAt(
      request.method,
      pathname.slice(pathname.indexOf(basePath) + basePath.length),
    )
    if (!found) return responseOf({ code: 'not_found' })
    const { name, route, id } = found
    const refused = refusals.get(name) ?? refusalOf(world, route, request)
    refusals.delete(name)
    if (refused) return responseOf(refused)
    const text = await request.text()
    const body = text === '' ? {} : JSON.parse(text)
    // The one cast: an open route does not look who asks.
    return responseOf(route.answer({ world, me: signedNow(world) as Signed, id, query, body }))
  }

  return {
    handlers: (http) =>
      Object.keys(mockRoutes).map((name) => {
        const [method = '', path = ''] = name.split(' ')
        const register = http[method.toLowerCase() as keyof typeof http]
        return register(`*${basePath}${path.replace('{id}', ':id')}`, async ({ request }) =>
          answer(request).catch(() => Response.error()),
        )
      }),
    fetch: (input, init) => {
      const here = globalThis.location?.href ?? 'http://localhost'
      const url = new URL(input instanceof Request ? input.url : input, here)
      if (!url.pathname.startsWith(`${basePath}/`)) return globalThis.fetch(input, init)
      return answer(new Request(input instanceof Request ? input : url, init))
    },
    password,
    setupToken: world.setupToken,
    signedIn: () => signedNow(world),
    signIn: (username) => enter(world, named(username)),
    user: (username) => world.people.get(username)?.user,
    expire: () => {
      world.expired = true
    },
    end: (reason) => {
      if (world.mine) end(world, world.mine.id, reason)
    },
    grownOld: () => {
      world.freshUntil = 0
    },
    lockOut: (username, length) => void world.resting.set(username, Date.now() + length),
    elsewhere: (username) => void newSession(world, named(username), { elsewhere: true }),
    away: () => {
      isAway = true
    },
    back: () => {
      isAway = false
    },
    refuse: (route, code, retryAfter) =>
      void refusals.set(route, { code, ...(retryAfter === undefined ? {} : { retryAfter }) }),
  }
}

function routeAt(method: string, path: string) {
  for (const [name, route] of Object.entries(mockRoutes)) {
    const [known, pattern = ''] = name.split(' ')
    const match = RegExp(`^${pattern.replace('{id}', '([\\w-]+)')}$`).exec(path)
    if (known === method && match) return { name, route, id: match[1] ?? '' }
  }
  return undefined
}

/** What the guard of a route says, in the order in which the server asks. */
function refusalOf(world: MockWorld, route: MockRoute, request: Request): Told | undefined {
  if (route.caller === 'anyone') return undefined
  const { mine, ended, expired, freshUntil } = world
  if (!mine) return { code: 'not_authenticated' }
  const reason = ended.get(mine.id)
  if (reason !== undefined) return { code: 'session_revoked', reason }
  const me = signedNow(world)
  if (expired || !me) return { code: 'session_expired' }
  if (request.method !== 'GET' && request.headers.get('x-csrf-token') !== csrf)
    return { code: 'csrf_rejected' }
  if (me.mustChangePassword && !route.restricted) return { code: 'password_change_required' }
  if (route.permission !== undefined && !me.permissions.includes(route.permission))
    return { code: 'forbidden' }
  if (route.stepUp && Date.now() >= freshUntil)
    return { code: 'step_up_required', stepUpWithin: stepUpWindow }
  return undefined
}

function responseOf(told: Told): Response {
  if ('status' in told) {
    const { status, body, lines } = told
    if (lines) {
      const text = lines.map((line) => `${JSON.stringify(line)}\n`).join('')
      return new Response(text, { status, headers: { 'Content-Type': 'application/x-ndjson' } })
    }
    return body === undefined ? new Response(null, { status }) : Response.json(body, { status })
  }
  const { problem, headers } = problemOf(told, newId())
  const type = { 'Content-Type': 'application/problem+json' }
  return Response.json(problem, { status: problem.status, headers: { ...headers, ...type } })
}
