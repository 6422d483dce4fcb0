/**
 * Sallyport, put together: options in, a gate out. Library, server and tests all come through here.
 *
 * @module
 */
import { startChores, type Told } from './chores.ts'
import { trustedProxies } from './http/address.ts'
import { cookieJar } from './http/cookies.ts'
import { credentialsOf, passCaller, passOrigin } from './http/guard.ts'
import { type Handle, handlerOf, responseOf, toOurHost } from './http/handler.ts'
import { apiHeaders, assetHeaders, pageHeaders } from './http/headers.ts'
import type { Guard } from './http/route.ts'
import { authRoutes } from './http/routes/auth.ts'
import { healthRoutes } from './http/routes/health.ts'
import { sessionRoutes } from './http/routes/sessions.ts'
import type { Fault, From, Site } from './http/site.ts'
import { signedView } from './http/view.ts'
import { type OptionsOf, type Policy, saidIn, type settings } from './options.ts'
import { type Clock, instance, type World } from './ports.ts'
import type { Refusal, RefusalCode } from './rules/refusal.ts'
import type { Said } from './rules/settle.ts'
import { writeChore, writeFault } from './system/fault-line.ts'
import type { Signed } from './wire.ts'
import { openWorld } from './world.ts'

/** What a host gives besides settings. */
export interface Surroundings {
  /** Told of every fault; by default one JSON line on standard error. */
  readonly onFault?: ((fault: Fault) => void) | undefined
  /** Told once the instance got its owner. */
  readonly onClaimed?: (() => void) | undefined
  /** Told of work between requests; by default only what went wrong is written, as a JSON line. */
  readonly onChore?: ((told: Told) => void) | undefined
  /** For tests: a clock set by hand, also where the database has one of its own. */
  readonly clock?: Clock | undefined
}

export type SallyportOptions = OptionsOf<typeof settings> & Surroundings

/** Somebody signed in, for a route of the host's own. */
export type HostCaller = { readonly ok: true } & Signed

/** Nobody; `response` is the problem to answer with. */
export interface HostRefusal {
  readonly ok: false
  readonly code: RefusalCode
  readonly response: Response
}

type HeaderSet = Readonly<Record<string, string>>

export interface Sallyport {
  /** Answers everything under the base path. Never throws. */
  readonly handle: Handle
  /**
   * Who is calling a route of the host's own. An unsafe method passes the origin and CSRF gates.
   *
   * @throws {Unavailable} When the database is away: answer 503, let nobody in.
   */
  callerOf(request: Request, from?: From): Promise<HostCaller | HostRefusal>
  /** What to answer a request that spells our host wrongly, for pages of the host's own. */
  misdirected(request: Request, from?: From): Response | undefined
  /** What claims the instance, as long as it has no owner. */
  setupToken(): Promise<string | undefined>
  readonly publicOrigin: string
  readonly basePath: string
  /** Security headers for pages, and for files whose name changes with what is in them. */
  readonly headers: { readonly page: HeaderSet; readonly asset: HeaderSet }
  /** Reads the secret file now if it has changed; otherwise that is done every few seconds. */
  lookAtSecret(): Promise<void>
  close(): Promise<void>
}

/**
 * Opens the gate.
 *
 * @throws {SettingsError} When it cannot start like this; all complaints at once.
 * @throws {Unavailable} When the database does not answer.
 */
export async function createSallyport(options: SallyportOptions): Promise<Sallyport> {
  const { onFault, onClaimed, onChore, clock, ...written } = options
  return openGate(saidIn(written), { onFault, onClaimed, onChore, clock })
}

/** As {@link createSallyport}, with settings as they were said, for complaints by their own names. */
export async function openGate(
  said: readonly Said[],
  { onFault = writeFault, onClaimed = () => {}, onChore = writeChore, clock }: Surroundings = {},
): Promise<Sallyport> {
  const { world, policy, keyring, close } = await openWorld(said, clock)
  const chores = startChores(world, keyring, onChore)
  const site = siteOf(world, policy, { onFault, onClaimed })
  const { publicOrigin } = world
  const origin = new URL(publicOrigin)
  const headers = { page: pageHeaders(origin), asset: assetHeaders(origin) }
  const written = (outcome: Parameters<typeof responseOf>[0], request: Request, set: HeaderSet) =>
    responseOf(outcome, request, world.random.bytes(16).toString('base64url'), set)

  return {
    handle: handlerOf(site, [...healthRoutes, ...authRoutes, ...sessionRoutes]),
    async callerOf(request, from = {}) {
      const caller = await callerOf(site, request, from)
      return caller.ok
        ? { ok: true, ...signedView(caller) }
        : { ok: false, code: caller.code, response: written(caller, request, apiHeaders(origin)) }
    },
    misdirected(request, from = {}) {
      const outcome = toOurHost(request, site, from)
      return outcome && written(outcome, request, headers.page)
    },
    async setupToken() {
      const here = await world.store.find(instance())
      return here?.claimedAt === null ? world.setupTokens[0] : undefined
    },
    publicOrigin,
    basePath: policy.basePath,
    headers,
    lookAtSecret: () => chores.look(),
    async close() {
      await chores.stop()
      await close()
    },
  }
}

const hostGuard: Guard = { caller: 'signed-in', restricted: false }

async function callerOf(site: Site, request: Request, from: From) {
  const credentials = credentialsOf(request, site)
  if (!credentials.ok) return credentials
  const address = from.address ?? ''
  const astray: Refusal | undefined = await passOrigin(
    request,
    site,
    hostGuard,
    credentials,
    address,
  )
  return astray ?? passCaller(request, site, hostGuard, credentials, address)
}

function siteOf(
  world: World,
  policy: Policy,
  told: { onFault: (fault: Fault) => void; onClaimed: () => void },
): Site {
  const proxies = trustedProxies(policy.trustProxy)
  const { domain, sameSite } = policy.cookies
  return {
    world,
    origins: { publicOrigin: world.publicOrigin, allowed: policy.allowedOrigins },
    allowedHosts: policy.allowedHosts,
    jar: cookieJar({ origin: new URL(world.publicOrigin), domain, sameSite }),
    // The settings have been checked: a list that does not compile never gets here.
    trusted: proxies.ok ? proxies.trusted : () => false,
    basePath: policy.basePath,
    ...told,
  }
}
