/**
 * Connections: all that outlasts a request at this node, put together.
 *
 * @module
 */
import type { World } from '../ports.ts'
import { type Channels, channelsOf, type HostChannels } from './channels.ts'
import { type Lives, livesOf } from './live.ts'
import { type Presence, presenceOf } from './presence.ts'
import { type Tail, tailOf } from './tail.ts'

export interface Connections {
  readonly lives: Lives
  readonly tail: Tail
  readonly presence: Presence
  readonly channels: Channels
  /** Ends all of it. */
  close(): Promise<void>
}

export function connectionsOf(world: World, host: HostChannels = () => undefined): Connections {
  const lives = livesOf(world)
  const tail = tailOf(world)
  const presence = presenceOf(world)
  const { now } = world.clock
  return {
    lives,
    tail,
    presence,
    channels: channelsOf({ tail, presence, host, access: world.access, now }),
    async close() {
      lives.goAway()
      tail.close()
      await presence.close()
    },
  }
}
