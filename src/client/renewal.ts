/**
 * Renewing: an access token is short, so any call may be told that it is over while the session is not.
 * Then the session is renewed, once for all calls and all tabs, and the call is made again.
 */

import { isAway, ProblemError } from './errors.ts'
import { pause, unless } from './patience.ts'

/** Milliseconds before the second try of a refresh that was not answered; then always twice as long. */
const firstPause = 500
const mostTries = 6

/**
 * The server may have done what it could not tell, and excuses the old token for half a minute only:
 * no try begins later than this after the first. Nobody waits longer for another tab either.
 */
const patience = 20_000

/** A person who signs in or out does not wait longer than this for a renewal. */
const politeness = 5_000

export interface Renewing {
  /** Does what calls the server, and renews the session for it where that has to be. */
  readonly renewed: <T>(work: () => Promise<T>, signal?: AbortSignal | null) => Promise<T>
  /**
   * Does what sets or clears the cookies itself while nobody renews: of a refresh that was answered
   * late, the old session's cookies would come back.
   */
  readonly alone: <T>(work: () => Promise<T>) => Promise<T>
}

/**
 * @param refresh `POST /auth/refresh`, once.
 * @param baseUrl Tabs that use the same one renew together.
 */
export function renewing(refresh: () => Promise<unknown>, baseUrl: string): Renewing {
  let renewals = 0
  let underway: Promise<boolean> | undefined
  const name = `sallyport:${baseUrl}`

  return {
    async renewed(work, signal) {
      for (let tries = 0; ; tries++) {
        const before = renewals
        try {
          return await work()
        } catch (error) {
          if (!isExpired(error) || tries === 3) throw error
          // Sent with a token of before: what was renewed meanwhile need not be renewed again.
          const worth = before !== renewals || (await unless(signal, renew(tries > 0)))
          if (!worth) throw error
        }
      }
    },
    async alone(work) {
      if (locksHere()) return locked(work, politeness)
      if (underway !== undefined) {
        await Promise.race([underway.catch(() => {}), pause(politeness)])
      }
      return work()
    },
  }

  /** Whether the call is worth making again. */
  function renew(surely: boolean): Promise<boolean> {
    underway ??= inTurn(surely).finally(() => {
      underway = undefined
    })
    return underway
  }

  /** @param surely After the turn of another tab as well, which has not helped. */
  async function inTurn(surely: boolean): Promise<boolean> {
    const locks = locksHere()
    if (!locks) return persist()
    if (!surely) {
      const done = await locks.request(name, { ifAvailable: true }, (lock) => lock && persist())
      if (done !== null) return done
    }
    return locked(async () => !surely || persist(), patience)
  }

  /** Works in turn with other tabs, or, where the turn does not come, out of it. */
  async function locked<T>(work: () => Promise<T>, longest: number): Promise<T> {
    const signal = AbortSignal.timeout(longest)
    try {
      return await (locksHere()?.request(name, { signal }, work) ?? work())
    } catch (error) {
      // A tab that the browser has put to sleep must not keep the others waiting.
      if (error instanceof DOMException && error.name === 'TimeoutError') return work()
      throw error
    }
  }

  /** @returns False when there is nothing to renew any more. */
  async function persist(): Promise<boolean> {
    const begun = Date.now()
    for (let tries = 0; ; tries++) {
      try {
        await refresh()
        renewals++
        return true
      } catch (error) {
        if (error instanceof ProblemError && error.status === 401) return false
        const wait = firstPause * 2 ** tries
        const late = tries + 1 === mostTries || Date.now() + wait - begun > patience
        if (late || !isAway(error)) throw error
        await pause(wait)
      }
    }
  }
}

/** Node has had them for a short time only, and browsers only where the origin is secure. */
const locksHere = (): LockManager | undefined => globalThis.navigator?.locks

const isExpired = (error: unknown): boolean =>
  error instanceof ProblemError && error.code === 'session_expired'
