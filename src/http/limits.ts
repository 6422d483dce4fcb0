/**
 * Limits: how often one address, person or session may ask this node. Counted in memory, for a bounded
 * number of them; the sign-ins of an address are counted in the store, with its guesses.
 *
 * @module
 */
import { type AnyCaller, named } from '../flows/authenticate.ts'
import { genuine } from '../flows/refresh.ts'
import type { World } from '../ports.ts'
import { type Counter, count, type LimitPolicy } from '../rules/rate.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import type { Cookies } from './cookies.ts'
import type { Guard } from './route.ts'

/** The tiers that are counted here. */
type Tier = Exclude<keyof LimitPolicy, 'login'>

/** Keys that are remembered in a tier; beyond them the one unheard of for longest is forgotten. */
const mostKeys = 20_000

export interface Limits {
  /** Counts one request of `key` in a tier. @returns `rate_limited` with what remains. */
  take(tier: Tier, key: string): Refusal | undefined
}

/** @param most Keys remembered in a tier. */
export function limitsOf(
  policy: LimitPolicy,
  { elapsed }: World['clock'],
  most = mostKeys,
): Limits {
  const tiers = new Map<Tier, Map<string, Counter>>()
  return {
    take(tier, key) {
      const limit = policy[tier]
      if (limit === 0) return undefined
      const counters = tiers.get(tier) ?? new Map<string, Counter>()
      tiers.set(tier, counters)
      // An age, so that setting the clock of the machine lifts no limit.
      const counted = count(counters.get(key), limit, elapsed())
      // What was heard of last stands at the end.
      counters.delete(key)
      counters.set(key, counted.counter)
      const [oldest] = counters.keys()
      if (counters.size > most && oldest !== undefined) counters.delete(oldest)
      return counted.ok
        ? undefined
        : refuse('rate_limited', { why: tier, retryAfter: counted.wait })
    },
  }
}

/** Where limits are asked: the site's, and whose request it is. */
interface Asking {
  readonly site: { readonly world: World; readonly limits: Limits }
  readonly guard: Guard
  readonly cookies: Cookies
  /** The address as it is counted. */
  readonly bucket: string
}

/** Counts a request towards the tier of its route, before anybody is asked who is calling. */
export function limited({ site, guard, cookies, bucket }: Asking): Refusal | undefined {
  const { limits, world } = site
  if (guard.limit === 'floor' || guard.limit === 'login') return undefined
  if (guard.limit === 'setup' || guard.limit === 'changePassword')
    return limits.take(guard.limit, bucket)
  if (guard.limit === 'refresh') {
    // A token of ours is its session's business, whatever else comes from the same address.
    const found = genuine(world, cookies.refresh)
    return limits.take('refresh', found.ok ? `session:${found.token.sid}` : bucket)
  }
  return guard.caller === 'signed-in' ? undefined : unknown({ site, cookies, bucket })
}

/** Counts a request of nobody in particular: towards the session it names, or else its address. */
function unknown({ site: { limits, world }, cookies, bucket }: Omit<Asking, 'guard'>) {
  const sid = named(world, cookies)?.sid
  return sid === undefined
    ? limits.take('anonymous', bucket)
    : limits.take('signedIn', `session:${sid}`)
}

/**
 * Counts a request where somebody must be signed in, now that it is known who that is: towards the
 * person; towards the session, when that is over; towards the address, when there is none.
 */
export function limitedCaller(asking: Asking, caller: AnyCaller | Refusal): Refusal | undefined {
  if (asking.guard.limit === 'floor') return undefined
  return caller.ok ? asking.site.limits.take('signedIn', `user:${caller.user.id}`) : unknown(asking)
}
