/**
 * Tickets: a signed-in person asks for one, and a socket comes in with it.
 *
 * @module
 */
import {
  instance,
  session as sessionRef,
  ticket as ticketRef,
  ticketsOf,
  user as userRef,
  type World,
} from '../ports.ts'
import { authority } from '../rules/authority.ts'
import type { Ticket } from '../rules/facts.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import type { Step } from '../rules/step.ts'
import { issueTicket, type Redeemed, redeem, ticketId, ticketIds } from '../rules/ticket.ts'
import { acting } from './acting.ts'
import type { Caller } from './authenticate.ts'

/**
 * Issues a ticket for a socket that a page of `origin` will open.
 *
 * @returns The ticket itself, this once; `too_many_tickets`.
 */
export async function newTicket(
  world: World,
  caller: Caller,
  origin: string,
): Promise<{ readonly ok: true; readonly text: string; readonly ticket: Ticket } | Refusal> {
  const text = world.random.bytes(32).toString('base64url')
  const id = ticketId(world.keys, text)
  const userId = caller.user.id
  const asked = { ...acting(caller), tickets: ticketsOf(userId) }
  const made = await world.store.step(asked, (shown, now): Step<Ticket | Refusal> => {
    const by = authority(shown, {}, now)
    if (!by.ok) return { verdict: by }
    const wanted = { id, userId, sessionId: by.mine.id, origin, purpose: 'socket' } as const
    return issueTicket(shown.tickets, wanted, world.policy.ticket, now)
  })
  return 'code' in made ? made : { ok: true, text, ticket: made }
}

/**
 * Lets in whoever has a ticket, and uses it up.
 *
 * @param origin The origin of the page, one that may use sockets.
 */
export async function redeemTicket(
  world: World,
  text: string,
  origin: string,
  address: string,
): Promise<Redeemed | Refusal> {
  for (const id of ticketIds(world.keys, text)) {
    // Whose it is stands on its row, so the rest is only known after a first look at it.
    const found = await world.store.find(ticketRef(id))
    if (!found) continue
    const asked = {
      ticket: ticketRef(id),
      session: sessionRef(found.sessionId),
      user: userRef(found.userId),
      here: instance(),
    }
    return world.store.step(asked, (shown, now) => redeem(shown, origin, address, now))
  }
  return refuse('not_authenticated', { why: 'no such ticket' })
}
