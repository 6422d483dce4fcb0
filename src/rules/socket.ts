/**
 * Sockets: how many there may be, how fast they may speak, and why one is closed.
 *
 * @module
 */
import type { PolicyOf, Settings } from './settings.ts'
import { minute, second } from './time.ts'

export const socketSettings = {
  perSession: {
    is: 'count',
    default: 20,
    min: 1,
    max: 10_000,
    unit: 'connections',
    doc: 'Sockets and event streams that one session may have open on one node.',
  },
  messages: {
    is: 'count',
    default: 120,
    min: 0,
    max: 1_000_000,
    unit: 'messages a minute',
    doc: 'What one socket may say; 0 for no limit.',
  },
  ping: {
    is: 'duration',
    default: 20 * second,
    min: second,
    max: 5 * minute,
    doc: 'How often a socket is asked whether anybody is there; one that does not answer is closed.',
  },
} as const satisfies Settings

export type SocketPolicy = PolicyOf<typeof socketSettings>

/** Channels one socket may listen to. Each costs memory, and a host may have any number of them. */
export const mostChannels = 1_000

/** Bytes a message may have. */
export const longestMessage = 64 * 1024

/** Bytes that may wait for a reader who is slow. */
export const mostWaiting = 1024 * 1024

/** Why a socket is closed, as its close frame says. */
export interface Ending {
  readonly code: 1001 | 1008 | 1013 | 4401 | 4429
  readonly reason: string
}

/** The server goes away; whoever is connected comes again, to another node. */
export const goingAway: Ending = { code: 1001, reason: 'going away' }
/** It cannot be told whether the session stands. */
export const uncertain: Ending = { code: 1013, reason: 'try again' }
export const tooFast: Ending = { code: 4429, reason: 'too many messages' }
export const tooSlow: Ending = { code: 1008, reason: 'too slow' }
/** The session is over. */
export const over = (reason: string): Ending => ({ code: 4401, reason })
