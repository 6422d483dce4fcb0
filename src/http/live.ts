/**
 * Live: connections that outlast a request, sockets and event streams. Each is of one session and ends
 * with it: whoever ends a session is heard of here, and who is connected is read again.
 *
 * @module
 */
import type { Caller } from '../flows/authenticate.ts'
import type { World } from '../ports.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { standing } from '../rules/session.ts'
import { type Ending, goingAway, over, uncertain } from '../rules/socket.ts'
import { type Instant, second } from '../rules/time.ts'

/** One connection. */
export interface Live {
  readonly ok: true
  /** Who is connected, as he stands. */
  caller(): Caller
  /** Aborted with an {@link Ending} when the connection must close. */
  readonly ended: AbortSignal
  /** Does `work` at once, or, while it is being looked whether the session stands, when that is known. */
  certain(work: () => void): void
  /** Tells when the person, his role or his scopes, may not be what they were. */
  changed(listener: () => void): void
  /** To be called once, when it has closed. */
  leave(): void
}

export interface Lives {
  /** @returns `rate_limited` when the session has too many already; why not, when it does not stand. */
  follow(session: { readonly id: string; readonly userId: string }): Promise<Live | Refusal>
  /** Ends all, as a server does that goes away; nobody is let in any more. */
  goAway(): void
  /** How many there are. */
  count(): number
}

interface Member {
  readonly end: AbortController
  readonly listeners: (() => void)[]
}

interface Followed {
  readonly session: { readonly id: string; readonly userId: string }
  readonly members: Set<Member>
  caller: Caller | undefined
  /** Why it is over, once it is. */
  refusal: Refusal | undefined
  /** When it is over by itself, as far as is known. */
  due: Instant
  checking: Promise<void> | undefined
  again: boolean
  waiting: (() => void)[]
  stop: () => void
}

/** Sessions that are read at once: requests come first. */
const readers = 8

export function livesOf(world: World): Lives {
  const { standing: memory, clock, policy } = world
  const sessions = new Map<string, Followed>()
  const inTurn = atMost(readers)
  let away = false

  // Nobody tells when a session runs out; and activity moves that without a word.
  const ticking = setInterval(() => {
    const now = clock.now()
    for (const followed of sessions.values()) if (now >= followed.due) void check(followed)
  }, second).unref()

  function begin(session: Followed['session']): Followed {
    const followed: Followed = {
      session,
      members: new Set(),
      caller: undefined,
      refusal: undefined,
      due: Number.POSITIVE_INFINITY,
      checking: undefined,
      again: false,
      waiting: [],
      stop: () => {},
    }
    sessions.set(session.id, followed)
    // Watched first and read then: what ends it between is heard of.
    followed.stop = memory.watch(
      [`sessions:${session.id}`, `users:${session.userId}`, 'instance:instance'],
      (heard) => {
        if (heard === 'lost') end(followed, uncertain, refuse('unavailable'))
        else void check(followed)
      },
    )
    return followed
  }

  function end(followed: Followed, ending: Ending, refusal: Refusal): void {
    if (followed.refusal) return
    followed.refusal = refusal
    followed.stop()
    sessions.delete(followed.session.id)
    for (const member of followed.members) member.end.abort(ending)
    followed.waiting = []
  }

  async function check(followed: Followed): Promise<void> {
    followed.again = true
    followed.checking ??= looking(followed)
    await followed.checking
  }

  async function looking(followed: Followed): Promise<void> {
    while (followed.again && !followed.refusal) {
      followed.again = false
      await inTurn(() => look(followed))
    }
    followed.checking = undefined
    for (const work of followed.waiting.splice(0)) work()
  }

  async function look(followed: Followed): Promise<void> {
    try {
      const { caller, refusal } = await read(followed.session)
      if (!caller) return end(followed, over(reasonOf(refusal)), refusal)
      followed.caller = caller
      followed.due = Math.min(caller.session.idleUntil, caller.session.expiresAt)
      for (const { listeners } of followed.members) for (const listener of listeners) listener()
    } catch {
      end(followed, uncertain, refuse('unavailable'))
    }
  }

  async function read({ id, userId }: Followed['session']) {
    // Judged by the time before it is read: activity meanwhile may have moved its end.
    const now = clock.now()
    const [session, user, here] = await Promise.all([
      memory.find('sessions', id),
      memory.recall()?.('users', userId) ?? memory.find('users', userId),
      memory.recall()?.('instance', 'instance') ?? memory.find('instance', 'instance'),
    ])
    if (!here) throw new Error('the instance row is gone')
    const refusal = standing(session, user, here, now)
    return refusal || !session || !user
      ? { refusal: refusal ?? refuse('session_expired') }
      : { caller: { ok: true, session, user } as const }
  }

  function memberOf(followed: Followed, member: Member): Live {
    return {
      ok: true,
      caller() {
        if (!followed.caller) throw new Error('nobody is followed')
        return followed.caller
      },
      ended: member.end.signal,
      certain(work) {
        if (followed.checking === undefined) work()
        else followed.waiting.push(work)
      },
      changed: (listener) => void member.listeners.push(listener),
      leave: () => leave(followed, member),
    }
  }

  function leave(followed: Followed, member: Member): void {
    followed.members.delete(member)
    if (followed.members.size > 0 || followed.refusal) return
    followed.stop()
    sessions.delete(followed.session.id)
  }

  /** Whether this node hears of what is revoked. One that has just slept or begun soon does again. */
  async function hears(): Promise<boolean> {
    for (let tries = 0; tries < 20; tries++) {
      if (memory.recall()) return true
      await new Promise((resolve) => setTimeout(resolve, second / 20).unref())
    }
    return false
  }

  return {
    async follow(session) {
      if (!(await hears())) return refuse('unavailable', { why: 'no lease' })
      if (away) return refuse('unavailable', { why: 'going away' })
      const followed = sessions.get(session.id) ?? begin(session)
      if (followed.members.size >= policy.socket.perSession)
        return refuse('rate_limited', { why: 'connections of one session' })
      const member: Member = { end: new AbortController(), listeners: [] }
      followed.members.add(member)
      if (!followed.caller) await check(followed)
      else await followed.checking
      if (!followed.refusal) return memberOf(followed, member)
      followed.members.delete(member)
      return followed.refusal
    },
    goAway() {
      away = true
      clearInterval(ticking)
      for (const followed of sessions.values()) end(followed, goingAway, refuse('unavailable'))
    },
    count: () => [...sessions.values()].reduce((sum, { members }) => sum + members.size, 0),
  }
}

const reasonOf = ({ reason }: Refusal): string => reason ?? 'expired'

/** @returns A function that does work, at most so much of it at a time. */
function atMost(most: number) {
  const queue: (() => void)[] = []
  let working = 0
  return async (work: () => Promise<void>): Promise<void> => {
    if (working >= most) await new Promise<void>((resolve) => queue.push(resolve))
    else working += 1
    try {
      await work()
    } finally {
      const next = queue.shift()
      if (next) next()
      else working -= 1
    }
  }
}
