/**
 * A socket of the server, whatever carries it: text in, text out. It listens to the channels that its
 * session may, as long as it may, and is held to its bounds.
 *
 * @module
 */
import { type Ask, type Filters, passes, readMessage } from '../rules/message.ts'
import { type Counter, count } from '../rules/rate.ts'
import {
  type Ending,
  longestMessage,
  mostChannels,
  mostWaiting,
  tooFast,
  tooSlow,
} from '../rules/socket.ts'
import type { Event } from '../wire.ts'
import { ownChannel } from './channels.ts'
import type { Live } from './live.ts'
import type { Site } from './site.ts'

/** What a connection says things through. */
export interface Outlet {
  send(text: string): void
  /** Closes with a close frame. It may be called more than once. */
  close(ending: Ending): void
  /** Bytes that were said and not sent yet. */
  waiting(): number
}

/** What a connection is told. */
export interface Connection {
  /** A message of the other side. */
  hear(text: string): void
  /** It is closed. To be called once. */
  closed(): void
}

/** A channel that is listened to. */
interface Joined {
  filters: Filters
  readonly leave: () => void
}

/** Opens a connection for whoever was let in. */
export function connect(site: Site, live: Live, outlet: Outlet): Connection {
  const { connections, world } = site
  const { channels, presence } = connections
  const { messages } = world.policy.socket
  const joined = new Map<string, Joined>()
  const { id } = live.caller().user
  let counter: Counter | undefined
  let open = true

  const say = (said: object) => {
    if (!open) return
    if (outlet.waiting() > mostWaiting) return outlet.close(tooSlow)
    outlet.send(JSON.stringify(said))
  }
  const told = (action: 'subscribed' | 'unsubscribed') =>
    say({ action, channels: [...joined.keys()].sort() })

  /** Passes an event on, once it is certain that it may be. */
  const pass = (event: Event) =>
    live.certain(() => {
      const at = joined.get(event.channel)
      if (at && passes(at.filters, event.payload)) say(event)
    })

  function join(channel: string, filters: Filters | undefined): void {
    if (!channels.allowed(channel, live.caller())) return
    const known = joined.get(channel)
    if (known) known.filters = filters ?? known.filters
    else joined.set(channel, { filters: filters ?? {}, leave: channels.join(channel, pass) })
  }

  function leave(channel: string): void {
    joined.get(channel)?.leave()
    joined.delete(channel)
  }

  /** Whether a socket would listen to more than it may; names that lead nowhere count as well. */
  const isTooMuch = ({ action, channels }: Ask): boolean =>
    action === 'subscribe' && new Set([...joined.keys(), ...channels]).size > mostChannels

  function follow({ action, channels, filters }: Ask): void {
    for (const channel of channels) {
      if (action === 'subscribe') join(channel, filters)
      else leave(channel)
    }
    told(`${action}d`)
  }

  function answer(text: string): void {
    const ask = readMessage(text)
    if (!ask.ok) say({ error: ask.error })
    else if (isTooMuch(ask)) say({ error: 'Too many channels' })
    else follow(ask)
  }

  const leaveOthers = () => {
    for (const channel of [...joined.keys()]) leave(channel)
  }
  const end = () => outlet.close(live.ended.reason as Ending)

  join(ownChannel(id), undefined)
  const absent = presence.enter(id)
  live.changed(() => {
    const lost = [...joined.keys()].filter((name) => !channels.allowed(name, live.caller()))
    for (const channel of lost) leave(channel)
    if (lost.length > 0) told('unsubscribed')
  })
  live.ended.addEventListener('abort', end)
  if (live.ended.aborted) end()

  return {
    hear(text) {
      const now = world.clock.elapsed()
      const counted = messages === 0 ? undefined : count(counter, messages, now)
      counter = counted?.counter
      if (counted && !counted.ok) return outlet.close(tooFast)
      if (Buffer.byteLength(text) > longestMessage) return say({ error: 'Message too large' })
      live.certain(() => open && answer(text))
    },
    closed() {
      open = false
      live.ended.removeEventListener('abort', end)
      leaveOthers()
      absent()
      live.leave()
    },
  }
}
