/**
 * The audit, as mocks answer it: every session there is was signed in to.
 *
 * @module
 */
import type { Activity, AuditEvent, AuditVerification, Session } from '../wire.ts'
import { type Asked, inside, type MockRoute, ok, page } from './mock-route.ts'
import { iso } from './mock-world.ts'

const permission = 'audit:read'

/** The sign-in that opened a session. */
export function activityOf({ id, userId, createdAt, address }: Session): Activity {
  const who = `user:${userId}`
  return {
    id,
    at: createdAt,
    type: 'auth.signed_in',
    actor: who,
    subject: who,
    session: id,
    address,
    device: null,
    outcome: 'success',
    reason: null,
    details: null,
  }
}

/** Newest first. */
function recorded({ world, query }: Asked): AuditEvent[] {
  const [type, user, from, to] = ['type', 'user', 'from', 'to'].map((name) => query.get(name))
  const all = world.sessions.map((session, index) => ({
    ...activityOf(session),
    chain: 'mock-chain',
    seq: world.sessions.length - index,
  }))
  return all.filter(
    (one) =>
      (!type || one.type === type || one.type.startsWith(`${type}.`)) &&
      (!user || one.subject === `user:${user}`) &&
      (!from || one.at >= from) &&
      (!to || one.at < to),
  )
}

export const mockAudit: Readonly<Record<string, MockRoute>> = {
  'GET /audit': { ...inside, permission, answer: (asked) => page(recorded(asked), asked) },
  'GET /audit/export': {
    ...inside,
    permission,
    stepUp: true,
    answer: (asked) => ({
      status: 200,
      lines: recorded(asked)
        .reverse()
        .map((one) => ({ ...one, mac: 'A'.repeat(43) })),
    }),
  },
  'GET /audit/verify': {
    ...inside,
    permission,
    answer: ({ world }) =>
      ok({
        intact: true,
        at: iso(Date.now()),
        rows: world.sessions.length,
        chains: 1,
        checkpoints: 0,
        knownUntil: null,
        faults: [],
      } satisfies AuditVerification),
  },
}
