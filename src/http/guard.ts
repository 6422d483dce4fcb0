/**
 * Guard: what stands between a request and its route. Credentials are read once, by one parser; the
 * gates ask where the request comes from and whether its token is the session's.
 *
 * @module
 */
import { behind } from '../flows/acquaint.ts'
import {
  type AnyCaller,
  authenticate,
  type Caller,
  isIdling,
  type Soon,
  touched,
  unseen,
} from '../flows/authenticate.ts'
import { recordCsrf, recordForbidden, recordUnfit } from '../flows/record.ts'
import { isUnsafe, originFault, tokenFault } from '../rules/csrf.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { freshness } from '../rules/step-up.ts'
import { type Cookies, readCookies } from './cookies.ts'
import { passKey } from './guard-key.ts'
import { missingOf } from './missing.ts'
import type { Guard } from './route.ts'
import type { Head, Site, Whence } from './site.ts'

/** What a request proves itself with. */
export interface Credentials {
  readonly ok: true
  readonly cookies: Cookies
  readonly authorization: string | null
  /** Whether what is asked may change something. */
  readonly unsafe: boolean
  /** The `Cookie` header, where it has not let anybody in yet. */
  readonly unheard?: string | undefined
}

/** The longest `Cookie` header that is remembered, in characters: of ours all four are a thousand. */
const longestHeard = 2_048

/** Reads the credentials; two kinds at once are one too many, wherever they are sent. */
export function credentialsOf(
  request: Head,
  site: Site,
  unsafe: boolean = isUnsafe(request.method),
): Credentials | Refusal {
  const header = request.headers.get('cookie')
  const heard = header === null ? undefined : site.heard.get(header)
  const cookies = heard ?? readCookies(header, site.jar.names)
  if (!cookies.ok) return cookies
  const authorization = request.headers.get('authorization')
  const proves = cookies.session !== undefined || cookies.refresh !== undefined
  if (authorization !== null && proves)
    return refuse('malformed_request', { why: 'both credentials' })
  const unheard = heard || !header || header.length > longestHeard ? undefined : header
  return { ok: true, cookies, authorization, unsafe, unheard }
}

/** Refuses credentials, and records it when they look planted. */
export async function unfit({ world }: Site, refusal: Refusal, from: Whence): Promise<Refusal> {
  await recordUnfit(world, refusal, from())
  return refusal
}

/**
 * Whether a page opens a socket: its method is safe, no answer is needed to use it, and any page may try,
 * with the cookies of its site.
 *
 * @see RFC 6455 4.1, 10.2; CWE-1385
 */
const isHandshake = ({ headers }: Head): boolean => headers.get('sec-websocket-key') !== null

/** The origin gate: unsafe requests, sockets, and routes that ask for it. */
export function passOrigin(
  request: Head,
  site: Site,
  guard: Guard,
  { cookies, authorization, unsafe }: Credentials,
  from: Whence,
): Promise<Refusal> | undefined {
  const opens = !unsafe && isHandshake(request)
  if (!unsafe && !guard.sameOrigin && !opens) return undefined
  const held = Object.keys(cookies).length > 1
  // Whoever proves himself by a header of his own was not made to send it by another page.
  const byHeader = authorization !== null && !held && guard.caller === 'signed-in'
  if (byHeader) return undefined
  const fault = originFault(
    {
      origin: request.headers.get('origin'),
      secFetchSite: request.headers.get('sec-fetch-site'),
      // Each browser says where a socket is opened from; whoever does not is none.
      cookies: held && guard.sameOrigin !== 'if told' && !opens,
    },
    site.origins,
  )
  return fault === undefined ? undefined : rejected(site, fault, from)
}

/** Who is calling, where a route asks; nobody, where it does not. */
export function pass(
  request: Head,
  site: Site,
  guard: Guard,
  credentials: Credentials,
  from: Whence,
  limit: (caller: AnyCaller | Refusal) => Refusal | undefined,
): Soon<AnyCaller | Refusal | undefined> {
  if (guard.caller !== 'anyone') return passCaller(request, site, guard, credentials, from, limit)
  return guard.anyHost ? undefined : unseen(site.world, credentials.cookies)
}

/**
 * Who is calling, past the token gate where the method is unsafe. It is known at once, unless something
 * has to be read or written for it.
 *
 * @param limit Asked as soon as it is known who that is; a host's own routes have limits of their own.
 */
export function passCaller(
  request: Head,
  site: Site,
  guard: Guard,
  { cookies, authorization, unsafe, unheard }: Credentials,
  from: Whence,
  limit: (caller: AnyCaller | Refusal) => Refusal | undefined = () => undefined,
): Soon<AnyCaller | Refusal> {
  if (authorization !== null) return passKey(site.world, guard, authorization, from, limit)
  const passed = (caller: Caller | Refusal) => {
    const tooMany = limit(caller)
    if (tooMany) return tooMany
    if (caller.ok && unheard !== undefined) site.heard.keep(unheard, cookies)
    return caller.ok
      ? admitted({ request, site, guard, cookies, from, unsafe }, caller)
      : unfit(site, caller, from)
  }
  const caller = authenticate(site.world, cookies)
  return caller instanceof Promise ? caller.then(passed) : passed(caller)
}

/** Who asks for what, from where. */
interface Asking {
  readonly request: Head
  readonly site: Site
  readonly guard: Guard
  readonly cookies: Cookies
  readonly from: Whence
  readonly unsafe: boolean
}

/** Lets in whom the guard of a route lets in. */
function admitted(
  { request, site, guard, cookies, from, unsafe }: Asking,
  caller: Caller,
): Soon<Caller | Refusal> {
  const { world } = site
  if (unsafe) {
    const header = request.headers.get('x-csrf-token')
    const fault = tokenFault(world.keys, caller.session.id, header, cookies.csrf)
    if (fault !== undefined) return rejectedToken(site, fault, from, caller)
  }
  if (caller.session.kind === 'restricted' && !guard.restricted)
    return refuse('password_change_required')
  const missing = missingOf(world.access, caller, guard)
  if (missing !== undefined) return forbidden(site, missing, from, caller)
  const { session, user } = caller
  const stale = guard.stepUp && freshness(session, user, world.clock.now(), world.policy.stepUp)
  if (stale) return stale
  const moves = isIdling(world, caller) && !isPassive(request, guard)
  return moves ? touched(world, caller) : caller
}

/** Whether a request says that nobody made it, or is of a kind that nobody makes. */
const isPassive = (request: Head, { passive, forwarded }: Guard): boolean =>
  passive === true ||
  request.headers.get('x-sallyport-passive') === '1' ||
  (forwarded === true && new URL(request.url).searchParams.get('passive') === '1')

async function forbidden(
  { world }: Site,
  missing: string,
  from: Whence,
  caller: Caller,
): Promise<Refusal> {
  await recordForbidden(world, missing, from(), caller)
  return refuse('forbidden', { why: missing })
}

/** As {@link rejected}, for the token gate: a node that is behind cannot tell a token it has no key of. */
export async function rejectedToken(
  site: Site,
  why: string,
  from: Whence,
  caller?: Caller,
): Promise<Refusal> {
  const { world } = site
  return (await behind(world, world.keys)) ?? rejected(site, why, from, caller)
}

/** Refuses a request that a gate did not let through, and records it. */
async function rejected(
  { world }: Site,
  why: string,
  from: Whence,
  caller?: Caller,
): Promise<Refusal> {
  await recordCsrf(world, why, from(), caller)
  return refuse('csrf_rejected', { why })
}
