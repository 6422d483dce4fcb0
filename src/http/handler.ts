/**
 * Handler: the way of every request, straight down this file. Whatever says no on the way is told as
 * a problem; whatever breaks is told by its request id, and never lets anybody in.
 *
 * @module
 */
import { Unavailable } from '../ports.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { addressOf } from './address.ts'
import { readJson, readNothing } from './body.ts'
import { corsHeaders, preflightHeaders } from './cors.ts'
import { credentialsOf, pass, passOrigin } from './guard.ts'
import { apiHeaders } from './headers.ts'
import { type ProblemCode, problemOf } from './problem.ts'
import { type Answer, type Match, type Refused, type Route, routeTable } from './route.ts'
import { shape } from './shape.ts'
import { type From, hostOf, isNavigation, type Site } from './site.ts'

/** `Request → Response`, for the mounts. Never throws. */
export type Handle = (request: Request, from: From) => Promise<Response>

/** An answer, or a no that may also be a fault. */
type Outcome = Answer | (Omit<Refused, 'code'> & { readonly code: ProblemCode })

/** Makes the handler of a site. */
export function handlerOf(site: Site, routes: readonly Route[]): Handle {
  const match = routeTable(routes, site.basePath)
  const headers = apiHeaders(new URL(site.origins.publicOrigin))

  return async (request, from) => {
    const requestId = site.world.random.bytes(16).toString('base64url')
    let outcome: Outcome
    try {
      outcome = await answered(request, site, match, from)
    } catch (error) {
      outcome = refuseFault(error)
      const path = URL.parse(request.url)?.pathname ?? ''
      site.onFault({ error, requestId, method: request.method, path })
    }
    return responseOf(outcome, request, requestId, { ...headers, ...corsHeaders(request, site) })
  }
}

function refuseFault(error: unknown): Outcome {
  return { ok: false, code: error instanceof Unavailable ? 'unavailable' : 'internal' }
}

async function answered(
  request: Request,
  site: Site,
  match: (method: string, path: string) => Match,
  from: From,
): Promise<Answer | Refused> {
  if (from.unreadable) return refuse('malformed_request')
  const url = new URL(request.url)
  const preflight = preflightHeaders(request, site)
  const met = match(request.method, url.pathname)

  const anyHost = met.kind === 'route' && met.route.guard.anyHost
  const misled = anyHost ? undefined : toOurHost(request, site, from)
  if (misled) return misled
  if (met.kind === 'nothing') return refuse('not_found')
  if (preflight) return { ok: true, status: 204, headers: preflight }
  if (met.kind === 'method') return refuse('method_not_allowed', { allow: met.allow })
  const { route, params } = met

  const credentials = credentialsOf(request, site)
  if (!credentials.ok) return credentials
  const forwardedFor = request.headers.get('x-forwarded-for')
  const address = addressOf({ peer: from.address ?? '', forwardedFor }, site.trusted)
  const astray = await passOrigin(request, site, route.guard, credentials, address)
  if (astray) return astray

  const caller = await pass(request, site, route.guard, credentials, address)
  if (caller && !caller.ok) return caller

  const body = await bodyOf(request, route)
  if (!body.ok) return body
  const query = queryOf(url.searchParams, route)
  if (!query.ok) return query

  const userAgent = request.headers.get('user-agent') ?? ''
  const { cookies } = credentials
  const { value } = body
  return route.answer(
    { site, request, params, body: value, query: query.value, cookies, address, userAgent },
    caller,
  )
}

/**
 * Sends a browser that spelled this machine's name otherwise to the public origin, where its cookies
 * are; refuses a host that is not ours.
 */
export function toOurHost(request: Request, site: Site, from: From): Answer | Refusal | undefined {
  const host = hostOf(request, site, from)
  if (host === 'foreign') return refuse('misdirected_request')
  if (host === 'ours' || !isNavigation(request)) return undefined
  const { pathname, search } = new URL(request.url)
  // Appended, not resolved: a path such as `//evil.example` stays a path of ours.
  const location = `${site.origins.publicOrigin}${pathname}${search}`
  return { ok: true, status: 307, headers: { Location: location } }
}

async function bodyOf(
  request: Request,
  { method, body }: Route,
): Promise<{ ok: true; value: unknown } | Refusal> {
  if (method === 'GET') return { ok: true, value: undefined }
  if (body === 'none') return readNothing(request)
  const json = await readJson(request)
  return json.ok && body !== 'json' ? shape(body, json.value) : json
}

function queryOf(
  search: URLSearchParams,
  { query }: Route,
): { ok: true; value: unknown } | Refusal {
  if (!query) return { ok: true, value: undefined }
  const names = [...search.keys()]
  const twice = names.find((name, index) => names.indexOf(name) !== index)
  if (twice !== undefined) {
    const name = twice.slice(0, 64)
    const detail = 'This may be given once.'
    return refuse('validation_failed', { fields: [{ name, code: 'not_allowed', detail }] })
  }
  return shape(query, Object.fromEntries(search))
}

/** Writes an outcome down, as a response to `request`. */
export function responseOf(
  outcome: Outcome,
  request: Request,
  requestId: string,
  always: Readonly<Record<string, string>>,
): Response {
  const headers = new Headers(always)
  headers.set('X-Request-Id', requestId)
  const told = outcome.ok
    ? {
        body: outcome.body,
        type: 'application/json',
        status: outcome.status,
        more: outcome.headers,
      }
    : problemBody(outcome, requestId)
  for (const [name, value] of Object.entries(told.more ?? {})) headers.set(name, value)
  for (const cookie of outcome.cookies ?? []) headers.append('Set-Cookie', cookie)
  if (told.body === undefined) return new Response(null, { status: told.status, headers })
  headers.set('Content-Type', told.type)
  const text = JSON.stringify(told.body)
  return new Response(request.method === 'HEAD' ? null : text, { status: told.status, headers })
}

function problemBody(refusal: Exclude<Outcome, Answer>, requestId: string) {
  const { problem, headers } = problemOf(refusal, requestId)
  return {
    body: problem,
    type: 'application/problem+json',
    status: problem.status,
    more: headers,
  }
}
