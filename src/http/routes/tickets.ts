/**
 * Tickets: what a page asks for before it opens a socket.
 *
 * @module
 */
import * as answers from '../../answers.ts'
import { newTicket } from '../../flows/tickets.ts'
import { refuse } from '../../rules/refusal.ts'
import { second } from '../../rules/time.ts'
import * as wire from '../../wire.ts'
import { type Route, signedIn } from '../route.ts'
import { isListed } from '../upgrade.ts'

const detail = 'Sockets are opened from the public origin, or one in allowedOrigins.'
const fields = [{ name: 'origin', code: 'not_allowed', detail }]

export const ticketRoutes: readonly Route[] = [
  signedIn({
    method: 'POST',
    path: '/auth/ws-ticket',
    summary: 'A ticket that opens one socket, within seconds.',
    answers: { 201: answers.Ticket },
    guard: { restricted: false },
    body: wire.AskTicket,
    bodyOptional: true,
    async answer({ site, request, body }, caller) {
      const { world, limits, origins } = site
      const tooMany = limits.take('ticket', `user:${caller.user.id}`)
      if (tooMany) return tooMany
      const origin = body.origin ?? request.headers.get('origin') ?? origins.publicOrigin
      if (!isListed(site, origin)) return refuse('validation_failed', { fields })
      const made = await newTicket(world, caller, origin)
      if (!made.ok) return made
      const expiresIn = world.policy.ticket.lifetime / second
      return {
        ok: true,
        status: 201,
        body: { ticket: made.text, expiresIn } satisfies wire.Ticket,
      }
    },
  }),
]
