/**
 * A gate whose commits are watched: what happens between a step's reading and its commit is up to the
 * test, and guards can be taken away.
 *
 * @module
 */
import { onTestFinished } from 'vitest'
import { connectionsOf } from '../../src/http/connections.ts'
import { cookieJar, heardCookies } from '../../src/http/cookies.ts'
import { type Handle, handlerOf } from '../../src/http/handler.ts'
import { limitsOf } from '../../src/http/limits.ts'
import { metricsOf } from '../../src/http/metrics.ts'
import { responseFrom } from '../../src/http/plain.ts'
import type { Route } from '../../src/http/route.ts'
import { authRoutes } from '../../src/http/routes/auth.ts'
import { sessionRoutes } from '../../src/http/routes/sessions.ts'
import { userRoutes } from '../../src/http/routes/users.ts'
import type { Site } from '../../src/http/site.ts'
import { signedTexts } from '../../src/http/view.ts'
import { saidIn } from '../../src/options.ts'
import type { Clock } from '../../src/ports.ts'
import { openDatabase } from '../../src/stores/open.ts'
import { sqlStore } from '../../src/stores/sql-store.ts'
import { openWorld } from '../../src/world.ts'
import { watched } from '../store/race.ts'
import { noLimits, origin, secret, setupToken } from './gate.ts'

const routes: readonly Route[] = [...authRoutes, ...sessionRoutes, ...userRoutes]

/** One more node over `database`, with the routes for signing in, people and sessions. */
export async function watchedGate(
  database: string,
  clock: Clock,
  watch: Parameters<typeof watched>[1],
  refresh = { enabled: false },
): Promise<{ handle: Handle }> {
  const settings = { publicOrigin: origin, database, secret, setupToken }
  const said = saidIn({ ...settings, limits: noLimits, refresh })
  const { world, policy, close } = await openWorld(said, clock)
  onTestFinished(close)
  const { random, keys } = world
  const opened = await openDatabase(database, { clock, random, clockForTests: clock })
  onTestFinished(() => opened.close())
  const connections = connectionsOf(world)
  const jar = cookieJar({ origin: new URL(origin), sameSite: 'strict' })
  const site: Site = {
    world: {
      ...world,
      store: sqlStore({
        database: watched(opened, watch),
        random,
        auditKey: () => keys.active('audit').key,
      }),
    },
    origins: { publicOrigin: origin, allowed: [] },
    publicHost: new URL(origin).host,
    allowedHosts: [],
    jar,
    heard: heardCookies(jar.names),
    trusted: () => false,
    limits: limitsOf(policy.limits, clock),
    connections,
    metrics: metricsOf(world, connections.lives),
    checkUp: async () => [],
    signedText: signedTexts(world.access),
    basePath: policy.basePath,
    description: () => ({}),
    onFault: ({ error }) => {
      throw error
    },
    onClaimed: () => {},
  }
  onTestFinished(() => connections.close())
  const plain = handlerOf(site, routes)
  return { handle: async (request, from) => responseFrom(await plain(request, from)) }
}
