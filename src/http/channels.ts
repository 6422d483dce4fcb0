/**
 * Channels: what sockets of this node listen to, and who may. Those of the server are fed by the audit
 * of all nodes and by presence; a host adds its own and says things on them.
 *
 * @module
 */
import type { AnyCaller } from '../flows/authenticate.ts'
import { type Access, may } from '../rules/access.ts'
import type { AuditRow } from '../rules/audit.ts'
import type { Event } from '../wire.ts'
import type { Online, Presence } from './presence.ts'
import type { Tail } from './tail.ts'
import { activityView, auditView, iso } from './view.ts'

/** Whether a caller may listen to a channel of the host's own; `undefined` where it is none. */
export type HostChannels = (channel: string, caller: AnyCaller) => boolean | undefined

type Listener = (event: Event) => void

export interface Channels {
  /** Whether somebody may listen. A channel that does not exist is nobody's. */
  allowed(channel: string, caller: AnyCaller): boolean
  /** @returns Stops it. */
  join(channel: string, listener: Listener): () => void
  /** Says something to those of this node who listen. */
  publish(channel: string, type: string, payload: Readonly<Record<string, unknown>>): void
}

export const ownChannel = (userId: string): string => `user:${userId}`

export function channelsOf(given: {
  readonly tail: Tail
  readonly presence: Presence
  readonly host: HostChannels
  readonly access: Access
  readonly now: () => number
}): Channels {
  const { tail, presence, host, access, now } = given
  const listeners = new Map<string, Set<Listener>>()
  /** What feeds the channels of the server, while somebody listens to them. */
  const feeds = new Map<string, () => void>()

  function tell(channel: string, event: Event): void {
    for (const listener of listeners.get(channel) ?? []) listener(event)
  }

  function recorded(row: AuditRow): void {
    const about = { event_type: row.type, timestamp: iso(row.at) }
    const { subject } = row
    if (subject?.startsWith('user:') && listeners.has(subject)) {
      const payload = { ...activityView(row, { id: subject.slice('user:'.length) }) }
      tell(subject, { ...about, channel: subject, payload })
    }
    if (listeners.has('security'))
      tell('security', { ...about, channel: 'security', payload: { ...auditView(row) } })
  }

  function feed(): void {
    const needs = (name: string, needed: boolean, start: () => () => void) => {
      const running = feeds.get(name)
      if (needed && !running) feeds.set(name, start())
      if (needed || !running) return
      running()
      feeds.delete(name)
    }
    const names = [...listeners.keys()]
    const isAudit = (name: string) => name === 'security' || name.startsWith('user:')
    needs('audit', names.some(isAudit), () => tail.listen(recorded))
    needs('presence', listeners.has('presence'), () =>
      presence.listen((one) => tell('presence', event('presence', 'presence.changed', { ...one }))),
    )
  }

  function event(channel: string, type: string, payload: Event['payload']): Event {
    return { event_type: type, channel, timestamp: iso(now()), payload }
  }

  /** Whoever begins to listen is told who is there already. */
  function whoIsThere(listener: Listener): void {
    const told = (one: Online) => listener(event('presence', 'presence.changed', { ...one }))
    presence
      .online()
      .then((there) => there.forEach(told))
      .catch(() => undefined)
  }

  return {
    allowed(channel, caller) {
      if (channel === ownChannel(caller.user.id) || channel === 'presence') return true
      if (channel === 'security') return may(access, caller.user, 'audit:read')
      if (channel.startsWith('user:')) return false
      return host(channel, caller) ?? false
    },
    join(channel, listener) {
      const known = listeners.get(channel) ?? new Set()
      listeners.set(channel, known.add(listener))
      feed()
      if (channel === 'presence') whoIsThere(listener)
      return () => {
        known.delete(listener)
        if (known.size === 0 && listeners.get(channel) === known) listeners.delete(channel)
        feed()
      }
    },
    publish: (channel, type, payload) => tell(channel, event(channel, type, payload)),
  }
}
