/**
 * Which page a person may see, decided in one pure function from what is known: who is signed in,
 * whether the instance has an owner, and where he wants to go. While something is not known nothing
 * is shown, so no page ever flashes by.
 */

import type { SessionState, SetupStatus, Signed } from 'sallyport/client'
import { type Place, rulesOf } from './places.ts'

/** What is known of the instance. It needs to be known only when nobody is signed in. */
export type Instance =
  | { readonly kind: 'unknown'; readonly error?: unknown }
  | { readonly kind: 'known'; readonly status: SetupStatus }

export interface Wish {
  /** `elsewhere`: a path that no page answers to; anybody may be told so. */
  readonly place: Place | 'elsewhere'
  /** The path asked for, with its query: where to come back to after signing in. */
  readonly href: string
  /** What stands in `?return=`, when it is a path of this origin. */
  readonly back?: string | undefined
}

export type Way =
  | { readonly kind: 'show' }
  | { readonly kind: 'wait' }
  /** Signed in, but this page is for others. */
  | { readonly kind: 'forbidden' }
  | { readonly kind: 'trouble'; readonly error: unknown; readonly retryAt?: number }
  /** `claimed`: somebody came with a claim link to an instance that has an owner. */
  | { readonly kind: 'go'; readonly to: string; readonly claimed?: true }

export function wayTo(wish: Wish, session: SessionState, instance: Instance): Way {
  if (wish.place === 'elsewhere') return { kind: 'show' }
  if (session.status === 'authenticated') return wayIn(wish.place, wish, session)
  if (session.status === 'unknown') return waitFor(session.error, session.retryAt)
  if (instance.kind === 'unknown') return waitFor(instance.error, session.retryAt)

  const door = instance.status.needsOwner ? '/setup' : '/sign-in'
  if (wish.place === door) return { kind: 'show' }
  if (wish.place === '/setup') return { kind: 'go', to: '/sign-in', claimed: true }
  return { kind: 'go', to: door === '/sign-in' ? withReturn(door, wish) : door }
}

function wayIn(place: Place, wish: Wish, { permissions, mustChangePassword }: Signed): Way {
  const rules = rulesOf(place)
  if (mustChangePassword) {
    if (rules.for === 'restricted') return { kind: 'show' }
    return { kind: 'go', to: withReturn('/change-password', wish) }
  }
  if (rules.for !== 'inside') return { kind: 'go', to: backOf(wish) ?? '/' }
  if (rules.needs !== undefined && !permissions.includes(rules.needs)) return { kind: 'forbidden' }
  return { kind: 'show' }
}

/** A way back to a door would lead round in a circle. */
const backOf = ({ back }: Wish): string | undefined =>
  back !== undefined && /^\/(sign-in|setup|change-password)(?![^/?#])/.test(back) ? undefined : back

/** `door`, with where to go from there when it is more than the start. */
function withReturn(door: string, wish: Wish): string {
  const inside = wish.place !== 'elsewhere' && rulesOf(wish.place).for === 'inside'
  const back = inside ? wish.href : backOf(wish)
  return back === undefined || back === '/' ? door : `${door}?return=${encodeURIComponent(back)}`
}

function waitFor(error: unknown, retryAt: number | undefined): Way {
  if (!error) return { kind: 'wait' }
  return { kind: 'trouble', error, ...(retryAt === undefined ? {} : { retryAt }) }
}
