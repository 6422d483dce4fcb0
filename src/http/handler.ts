/**
 * Handler: the way of every request, straight down this file. Whatever says no on the way is told as
 * a problem; whatever breaks is told by its request id, and never lets anybody in.
 *
 * @module
 */
import { Unavailable } from '../ports.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { addressOf, bucketOf, isProxy } from './address.ts'
import { readJson, readNothing, readOptional } from './body.ts'
import { corsHeaders, preflightHeaders } from './cors.ts'
import { isForwardedUnsafe } from './forwarded.ts'
import { credentialsOf, pass, passOrigin, unfit } from './guard.ts'
import { apiHeaders } from './headers.ts'
import { limited, limitedCaller } from './limits.ts'
import { type Outcome, type Plain, plainOf } from './plain.ts'
import { requestIds } from './request-id.ts'
import { type Answer, type Match, type Refused, type Route, routeTable } from './route.ts'
import { shape } from './shape.ts'
import {
  type From,
  hostOf,
  type Incoming,
  isNavigation,
  type Site,
  type Target,
  targetOf,
} from './site.ts'

/** `Request → Response`, for the mounts. Never throws. */
export type Handle = (request: Request, from: From) => Promise<Response>

/** The same, for mounts that write the answer themselves. */
export type HandlePlain = (request: Incoming, from: From) => Promise<Plain>

/** Makes the handler of a site. */
export function handlerOf(site: Site, routes: readonly Route[]): HandlePlain {
  const match = routeTable(routes, site.basePath)
  const headers = apiHeaders(new URL(site.origins.publicOrigin))
  const newRequestId = requestIds(site.world.random)

  return async (request, from) => {
    const requestId = newRequestId()
    let outcome: Outcome
    try {
      outcome = await answered(request, site, match, from)
    } catch (error) {
      outcome = refuseFault(error)
      const path = targetOf(request)?.pathname ?? ''
      site.onFault({ error, requestId, method: request.method, path })
    }
    const always = { ...headers, ...corsHeaders(request, site) }
    const plain = plainOf(outcome, request, requestId, always)
    site.metrics.answered(plain.status)
    return plain
  }
}

function refuseFault(error: unknown): Outcome {
  return { ok: false, code: error instanceof Unavailable ? 'unavailable' : 'internal' }
}

async function answered(
  request: Incoming,
  site: Site,
  match: (method: string, path: string) => Match,
  from: From,
): Promise<Answer | Refused> {
  if (from.unreadable) return refuse(from.unreadable)
  // What a URL can be made of is less than what a mount lets through as one.
  const target = targetOf(request)
  if (!target) return refuse('malformed_request')
  const preflight = preflightHeaders(request, site)
  const met = match(request.method, target.pathname)
  const forwardedFor = request.headers.get('x-forwarded-for')
  const address = addressOf({ peer: from.address ?? '', forwardedFor }, site.trusted)
  const whence = () => address
  const bucket = bucketOf(address)
  // Everything counts, whatever becomes of it.
  const flood = site.limits.take('floor', bucket)

  const anyHost = met.kind === 'route' && met.route.guard.anyHost
  const misled = anyHost ? undefined : toOurHost(request, site, from)
  if (misled) return misled
  if (met.kind === 'nothing') return refuse('not_found')
  if (preflight) return { ok: true, status: 204, headers: preflight }
  if (met.kind === 'method') return refuse('method_not_allowed', { allow: met.allow })
  const { route, params } = met

  const { guard } = route
  const proxied = guard.forwarded === true && isProxy(from.address ?? '', site.trusted)
  const unsafe = guard.forwarded ? isForwardedUnsafe(request, proxied) : undefined
  const credentials = credentialsOf(request, site, unsafe)
  if (!credentials.ok) return unfit(site, credentials, whence)
  const away = (refusal: Refusal) =>
    route.turnedAway?.({ site, request, refusal, proxied }) ?? refusal
  const astray = await passOrigin(request, site, guard, credentials, whence)
  if (astray) return away(astray)

  const { cookies } = credentials
  const tooMany = flood ?? limited({ site, guard, cookies, bucket })
  if (tooMany) return tooMany
  const caller = await pass(request, site, guard, credentials, whence, (who) =>
    limitedCaller({ site, guard, cookies, bucket }, who),
  )
  if (caller && !caller.ok) return away(caller)

  const userAgent = request.headers.get('user-agent') ?? ''
  const asked = { site, request, params, cookies, address, userAgent }
  const not = await route.before?.(asked)
  if (not) return not
  const body = await bodyOf(request, route)
  if (!body.ok) return body
  const query = queryOf(target, route)
  if (!query.ok) return query

  return route.answer({ ...asked, body: body.value, query: query.value }, caller)
}

/**
 * Sends a browser that spelled this machine's name otherwise to the public origin, where its cookies
 * are; refuses a host that is not ours.
 */
export function toOurHost(request: Incoming, site: Site, from: From): Answer | Refusal | undefined {
  const host = hostOf(request, site, from)
  if (host === 'foreign') return refuse('misdirected_request')
  if (host === 'ours' || !isNavigation(request)) return undefined
  const { pathname, search } = new URL(request.url)
  // Appended, not resolved: a path such as `//evil.example` stays a path of ours.
  const location = `${site.origins.publicOrigin}${pathname}${search}`
  return { ok: true, status: 307, headers: { Location: location } }
}

async function bodyOf(
  request: Incoming,
  { method, body, bodyOptional }: Route,
): Promise<{ ok: true; value: unknown } | Refusal> {
  if (method === 'GET') return { ok: true, value: undefined }
  if (body === 'none') return readNothing(request)
  const json = await (bodyOptional ? readOptional : readJson)(request)
  return json.ok && body !== 'json' ? shape(body, json.value) : json
}

function queryOf(target: Target, { query }: Route): { ok: true; value: unknown } | Refusal {
  if (!query) return { ok: true, value: undefined }
  const search = new URLSearchParams(target.search)
  const seen = new Set<string>()
  // Thousands may come: each is looked at once.
  const twice = [...search.keys()].find((name) => seen.size === seen.add(name).size)
  if (twice !== undefined) {
    const name = twice.slice(0, 64)
    const detail = 'This may be given once.'
    return refuse('validation_failed', { fields: [{ name, code: 'not_allowed', detail }] })
  }
  return shape(query, Object.fromEntries(search))
}
