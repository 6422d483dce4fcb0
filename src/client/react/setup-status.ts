/**
 * Whether the instance has an owner, asked only while nobody is signed in and somebody wants to know.
 * Like the session it knows three states, and asks again after 1, 2, 4 … 30 seconds.
 */

import type { Client, ClientError, SetupStatus } from '../client.ts'
import { ProblemError } from '../errors.ts'
import { type Watchable, watchable } from '../watchable.ts'

export type SetupState =
  | { readonly status: 'unknown'; readonly error?: ClientError; readonly retryAt?: number }
  | {
      readonly status: 'needed' | 'complete'
      /** What a password must be like; absent when nobody had to ask. */
      readonly passwordPolicy?: SetupStatus['passwordPolicy']
    }

export interface KeptSetup extends Watchable<SetupState> {
  readonly retry: () => void
}

const second = 1000
export const unknown: SetupState = { status: 'unknown' }
const complete: SetupState = { status: 'complete' }
const kept = new WeakMap<Client, KeptSetup>()

/** The one of this client. */
export function setupOf(client: Client): KeptSetup {
  const found = kept.get(client) ?? keepSetup(client)
  kept.set(client, found)
  return found
}

function keepSetup(client: Client): KeptSetup {
  const state = watchable(unknown)
  let watchers = 0
  let failures = 0
  let asking: AbortController | undefined
  let timer: ReturnType<typeof setTimeout> | undefined

  function follow() {
    const { status } = client.session.get()
    // Whoever is signed in has an account, so there is an owner.
    if (status === 'authenticated') state.set(complete)
    else if (status === 'unauthenticated' && state.get().status === 'unknown') ask()
  }

  function ask() {
    if (asking) return
    clearTimeout(timer)
    const own = new AbortController()
    asking = own
    client
      .setupStatus(own.signal)
      .then(({ needsOwner, passwordPolicy }) => {
        failures = 0
        state.set({ status: needsOwner ? 'needed' : 'complete', passwordPolicy })
      })
      .catch((error) => {
        if (own.signal.aborted) return
        const least = error instanceof ProblemError ? (error.retryAfter ?? 0) : 0
        const delay = Math.max(Math.min(2 ** failures++, 30), least) * second
        timer = setTimeout(ask, delay)
        state.set({ status: 'unknown', error, retryAt: Date.now() + delay })
      })
      .finally(() => {
        if (asking === own) asking = undefined
      })
  }

  return {
    get: state.get,
    retry: ask,
    watch(listener) {
      const stopTelling = state.watch(listener)
      const stopFollowing = client.session.watch(follow)
      watchers++
      follow()
      return () => {
        stopTelling()
        stopFollowing()
        if (--watchers > 0) return
        clearTimeout(timer)
        asking?.abort()
        asking = undefined
      }
    },
  }
}
