/**
 * Sallyport, put together: options in, a gate out. Library, server and tests all come through here.
 *
 * @module
 */
import { checkUp } from './check-up.ts'
import { startChores, type Told } from './chores.ts'
import { strayFindings, strayRoles } from './flows/stray-roles.ts'
import { type HostGate, hostOf } from './host.ts'
import { addressOf, bucketOf, trustedProxies } from './http/address.ts'
import type { HostChannels } from './http/channels.ts'
import { connectionsOf } from './http/connections.ts'
import { cookieJar, heardCookies } from './http/cookies.ts'
import { type Handle, type HandlePlain, handlerOf, toOurHost } from './http/handler.ts'
import { apiHeaders, assetHeaders, pageHeaders } from './http/headers.ts'
import { limitsOf } from './http/limits.ts'
import { metricsOf } from './http/metrics.ts'
import { openapiOf } from './http/openapi.ts'
import { type Outcome, plainOf, responseFrom } from './http/plain.ts'
import { requestIds } from './http/request-id.ts'
import { routes } from './http/routes.ts'
import type { Fault, From, Incoming, Site } from './http/site.ts'
import { signedTexts, signedView } from './http/view.ts'
import { type OptionsOf, type Policy, saidIn, type settings } from './options.ts'
import { type Clock, instance, type World } from './ports.ts'
import type { OwnAccess } from './rules/own-roles.ts'
import { type RefusalCode, refuse } from './rules/refusal.ts'
import type { Said } from './rules/settle.ts'
import { type SocketGate, socketsOf } from './sockets.ts'
import { writeChore, writeFault } from './system/fault-line.ts'
import { tracedRoutes } from './tracing.ts'
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
  /** Whether somebody may listen to a channel of the host's own; `undefined` where it is none. */
  readonly channels?: ((channel: string, caller: Signed) => boolean | undefined) | undefined
  /** For tests: a clock set by hand, also where the database has one of its own. */
  readonly clock?: Clock | undefined
}

interface Witness {
  /** For the test kit: told of what stands behind the gate. */
  readonly onOpened?: (world: World) => void
}

export type SallyportOptions = OptionsOf<typeof settings> & {
  /** Roles and permissions of the host's own. */
  readonly access?: OwnAccess | undefined
} & Surroundings

type HeaderSet = Readonly<Record<string, string>>

export interface Sallyport extends HostGate, SocketGate {
  /** Answers everything under the base path. Never throws. */
  readonly handle: Handle
  /** The same, quicker, for a mount that writes the answer itself: `sallyport/node` does. */
  readonly handlePlain: HandlePlain
  /** What to answer a request that spells our host wrongly, for pages of the host's own. */
  misdirected(request: Incoming, from?: From): Response | undefined
  /** What to answer an address that asks for pages of the host's own too often: it counts them. */
  limited(request: Incoming, from?: From): Response | undefined
  /** What to answer a request for a page of the host's own that is refused: a problem like any other. */
  refused(request: Incoming, code: RefusalCode, allow?: readonly string[]): Response
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
  const { onFault, onClaimed, onChore, channels, clock, ...written } = options
  return openGate(saidIn(written), { onFault, onClaimed, onChore, channels, clock })
}

/** As {@link createSallyport}, with settings as they were said, for complaints by their own names. */
export async function openGate(
  said: readonly Said[],
  surroundings: Surroundings & Witness = {},
): Promise<Sallyport> {
  const { onFault = writeFault, onClaimed = () => {}, channels = () => undefined } = surroundings
  const onChore: (told: Told) => void = surroundings.onChore ?? writeChore
  const { world, policy, keyring, close } = await openWorld(said, surroundings.clock)
  surroundings.onOpened?.(world)
  const chores = startChores(world, keyring, harmless(onChore))
  const told = { onFault: harmless(onFault), onClaimed: harmless(onClaimed) }
  const site = siteOf(world, policy, told, channels)
  const { publicOrigin } = world
  const origin = new URL(publicOrigin)
  const headers = { page: pageHeaders(origin), asset: assetHeaders(origin) }
  const handlePlain = handlerOf(site, tracedRoutes(routes, policy.basePath))
  const newRequestId = requestIds(world.random)
  const written = (outcome: Outcome, request: Incoming, set: HeaderSet) =>
    responseFrom(plainOf(outcome, request, newRequestId(), set))

  return {
    handle: async (request, from) => responseFrom(await handlePlain(request, from)),
    handlePlain,
    misdirected(request, from = {}) {
      const outcome = toOurHost(request, site, from)
      return outcome && written(outcome, request, headers.page)
    },
    limited(request, from = {}) {
      const forwardedFor = request.headers.get('x-forwarded-for')
      const address = addressOf({ peer: from.address ?? '', forwardedFor }, site.trusted)
      const outcome = site.limits.take('floor', bucketOf(address))
      return outcome && written(outcome, request, headers.page)
    },
    refused: (request, code, allow) =>
      written(refuse(code, allow ? { allow } : {}), request, apiHeaders(origin)),
    async setupToken() {
      const here = await world.store.find(instance())
      return here?.claimedAt === null ? world.setupTokens[0] : undefined
    },
    publicOrigin,
    basePath: policy.basePath,
    headers,
    lookAtSecret: () => chores.look(),
    ...hostOf(site),
    ...socketsOf(site),
    async close() {
      await site.connections.close()
      await chores.stop()
      await close()
    },
  }
}

/** What a host does on being told must not turn an answer that was decided into another one. */
const harmless =
  <Said extends unknown[]>(tell: (...said: Said) => unknown) =>
  (...said: Said): void => {
    try {
      // It may be async all the same, and a rejection that nobody hears ends the process.
      Promise.resolve(tell(...said)).catch(stumbled)
    } catch (error) {
      stumbled(error)
    }
  }

const stumbled = (error: unknown): void =>
  writeFault({ error, requestId: '', method: '', path: 'host callback' })

function siteOf(
  world: World,
  policy: Policy,
  told: { onFault: (fault: Fault) => void; onClaimed: () => void },
  channels: NonNullable<Surroundings['channels']>,
): Site {
  const host: HostChannels = (name, caller) =>
    caller.session && channels(name, signedView(world.access, caller))
  const proxies = trustedProxies(policy.trustProxy)
  const { domain, sameSite, names } = policy.cookies
  const connections = connectionsOf(world, host)
  const { publicOrigin } = world
  const { basePath } = policy
  const jar = cookieJar({ origin: new URL(publicOrigin), domain, sameSite, names })
  let described: object | undefined
  return {
    world,
    origins: { publicOrigin, allowed: policy.allowedOrigins },
    publicHost: new URL(publicOrigin).host,
    allowedHosts: policy.allowedHosts,
    jar,
    heard: heardCookies(jar.names),
    // The settings have been checked: a list that does not compile never gets here.
    trusted: proxies.ok ? proxies.trusted : () => false,
    limits: limitsOf(policy.limits, world.clock),
    connections,
    metrics: metricsOf(world, connections.lives),
    async checkUp() {
      const found = await checkUp(policy, world.clock)
      // Asked of a database that answers: what else is wrong with it has been said.
      const strays = await strayRoles(world).catch(() => [])
      return [...found, ...strayFindings(strays)]
    },
    signedText: signedTexts(world.access),
    basePath,
    description() {
      described ??= openapiOf(routes, { publicOrigin, basePath, jar })
      return described
    },
    ...told,
  }
}
