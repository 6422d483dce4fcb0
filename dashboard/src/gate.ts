/**
 * Which page a person may see, decided in one pure function from what is known: who is signed in,
 * whether the instance has an owner, and where he wants to go. While something is not known nothing
 * is shown, so no page ever flashes by.
 */

import type { SessionState, SetupStatus } from 'sallyport/client'

/** `elsewhere`: a path that no page answers to; anybody may be told so. */
export type Place = '/' | '/setup' | '/sign-in' | 'elsewhere'

/** What is known of the instance. It needs to be known only when nobody is signed in. */
export type Instance =
  | { readonly kind: 'unknown'; readonly error?: unknown }
  | { readonly kind: 'known'; readonly status: SetupStatus }

export interface Wish {
  readonly place: Place
  /** The path asked for, with its query: where to come back to after signing in. */
  readonly href: string
  /** What stands in `?return=`, when it is a path of this origin. */
  readonly back?: string | undefined
}

export type Way =
  | { readonly kind: 'show' }
  | { readonly kind: 'wait' }
  | { readonly kind: 'trouble'; readonly error: unknown; readonly retryAt?: number }
  /** `claimed`: somebody came with a claim link to an instance that has an owner. */
  | { readonly kind: 'go'; readonly to: string; readonly claimed?: true }

export function wayTo(wish: Wish, session: SessionState, instance: Instance): Way {
  if (wish.place === 'elsewhere') return { kind: 'show' }
  if (session.status === 'authenticated') return wayIn(wish)
  if (session.status === 'unknown') return waitFor(session.error, session.retryAt)
  if (instance.kind === 'unknown') return waitFor(instance.error, session.retryAt)

  const door = instance.status.needsOwner ? '/setup' : '/sign-in'
  if (wish.place === door) return { kind: 'show' }
  if (wish.place === '/setup') return { kind: 'go', to: '/sign-in', claimed: true }
  const back = door === '/sign-in' && wish.href !== '/' && wish.place === '/'
  return { kind: 'go', to: back ? `${door}?return=${encodeURIComponent(wish.href)}` : door }
}

function wayIn({ place, back }: Wish): Way {
  if (place === '/setup') return { kind: 'go', to: '/' }
  if (place !== '/sign-in') return { kind: 'show' }
  // A way back to the door would lead here again.
  const round = back === undefined || /^\/(sign-in|setup)(?![^/?#])/.test(back)
  return { kind: 'go', to: round ? '/' : back }
}

function waitFor(error: unknown, retryAt: number | undefined): Way {
  if (!error) return { kind: 'wait' }
  return { kind: 'trouble', error, ...(retryAt === undefined ? {} : { retryAt }) }
}
