/**
 * Tickets: what opens one socket, once, within seconds. A browser cannot send a header with a socket,
 * and a cookie would be sent for any page: a ticket is asked for over HTTP, past all gates, and bound to
 * the session, the origin of the page and its purpose.
 *
 * @see OWASP WebSocket Security Cheat Sheet; CWE-1385 (missing origin validation)
 * @module
 */
import { createHmac } from 'node:crypto'
import { event } from './audit.ts'
import type { Instance, Session, Ticket, User } from './facts.ts'
import type { Keys } from './keys.ts'
import { type Refusal, refuse } from './refusal.ts'
import { standing } from './session.ts'
import type { PolicyOf, Settings } from './settings.ts'
import { forget, keep, type Step } from './step.ts'
import { type Instant, minute, second } from './time.ts'

export const ticketSettings = {
  lifetime: {
    is: 'duration',
    default: 15 * second,
    min: second,
    max: minute,
    doc: 'How long a ticket opens a socket.',
  },
} as const satisfies Settings

export type TicketPolicy = PolicyOf<typeof ticketSettings>

/** A person has no more tickets that were not used. */
const mostPending = 5

/** 32 bytes in base64url. */
const form = /^[\w-]{43}$/

/** The id under which a ticket is kept: HMAC-SHA-256 in base64url. */
export const ticketId = (keys: Keys, text: string): string =>
  idUnder(keys.active('ticket').key, text)

const idUnder = (key: Buffer, text: string): string =>
  createHmac('sha256', key).update(text).digest('base64url')

/** The ids under which a ticket may be kept, one a root secret; none for what can be no ticket. */
export function ticketIds(keys: Keys, text: string): readonly string[] {
  if (!form.test(text)) return []
  return keys.ids.flatMap((id) => {
    const key = keys.byId('ticket', id)
    return key ? [idUnder(key, text)] : []
  })
}

/**
 * Issues a ticket.
 *
 * @param tickets All that are kept of the person; what was never used and has run out goes.
 * @returns `too_many_tickets` when five are pending, until the first of them runs out.
 */
export function issueTicket(
  tickets: readonly Ticket[],
  asked: Omit<Ticket, 'createdAt' | 'expiresAt'>,
  { lifetime }: TicketPolicy,
  now: Instant,
): Step<Ticket | Refusal> {
  const pending = tickets.filter(({ expiresAt }) => now < expiresAt)
  if (pending.length >= mostPending) {
    const first = Math.min(...pending.map(({ expiresAt }) => expiresAt))
    return { verdict: refuse('too_many_tickets', { retryAfter: first - now }) }
  }
  const ticket: Ticket = { ...asked, createdAt: now, expiresAt: now + lifetime }
  const over = tickets.filter(({ expiresAt }) => now >= expiresAt)
  return {
    verdict: ticket,
    keep: [keep('tickets', ticket), ...over.map(({ id }) => forget('tickets', id))],
  }
}

/** Whoever a ticket lets in. */
export interface Redeemed {
  readonly ok: true
  readonly user: User
  readonly session: Session
}

/**
 * Redeems a ticket: it is gone with this step, for whoever comes second.
 *
 * @param shown.ticket `undefined` for one that is unknown or was used.
 * @param origin The origin of the page, as the browser says; it has been found to be a listed one.
 * @returns `forbidden` for another origin than it was issued for, which leaves it as it is;
 *   `not_authenticated` for one that is over; why not, for a session that is.
 */
export function redeem(
  shown: {
    readonly ticket: Ticket | undefined
    readonly session: Session | undefined
    readonly user: User | undefined
    readonly here: Instance | undefined
  },
  origin: string,
  address: string,
  now: Instant,
): Step<Redeemed | Refusal> {
  const { ticket, session, user, here } = shown
  if (!here) throw new Error('the instance row is gone')
  if (!ticket || session?.id !== ticket.sessionId || user?.id !== ticket.userId)
    return { verdict: refuse('not_authenticated', { why: 'ticket' }) }
  const said = {
    actor: `user:${ticket.userId}`,
    subject: `user:${ticket.userId}`,
    session: ticket.sessionId,
    address,
  }
  if (origin !== ticket.origin)
    return {
      verdict: refuse('forbidden', { why: 'origin of another page' }),
      record: [event('socket.refused', 'refused', { ...said, reason: 'origin' })],
    }
  const used = [forget('tickets', ticket.id)]
  if (now < ticket.createdAt || now >= ticket.expiresAt)
    return { verdict: refuse('not_authenticated', { why: 'ticket is over' }), keep: used }
  const over = standing(session, user, here, now)
  return { verdict: over ?? { ok: true, user, session }, keep: used }
}
