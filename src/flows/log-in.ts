/**
 * Log in: a name and a password to a session. Whatever is wrong, the same work is done and the same
 * answer given, so that nothing tells a known name from an unknown one.
 *
 * @module
 */
import { instance, session, sessionsOf, user, userNamed, type World } from '../ports.ts'
import { event, pseudonymOf } from '../rules/audit.ts'
import type { Session, User } from '../rules/facts.ts'
import { canonicalName } from '../rules/identifier.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { open } from '../rules/session.ts'
import { keep, type Step } from '../rules/step.ts'
import { type Granted, grant, newId, newRefresh } from './grant.ts'
import { prove } from './password.ts'
import { record } from './record.ts'

/** Where a request comes from, as it is kept with the session and in the audit. */
export interface From {
  readonly address: string
  /** Whose place in the hashing queue is taken: an IPv4 address, or the /64 of one of IPv6. */
  readonly bucket: string
  readonly userAgent: string
  /** The session whose genuine cookie came along. */
  readonly came: string | undefined
}

/**
 * Signs a person in.
 *
 * @returns The new session with its tokens; `invalid_credentials`; `busy`; `session_limit_reached`.
 */
export async function logIn(
  world: World,
  asked: { username: string; password: string; remember: boolean },
  from: From,
): Promise<Granted | Refusal> {
  const name = canonicalName(asked.username)
  const found = await world.store.find(userNamed(name ?? ''))
  const proof = await prove(world, found, asked.password, from.bucket)
  if (!proof.ok) return proof
  if (!found || !proof.right) return wrong(world, found, asked.username, proof.why, from)

  const id = newId(world)
  const refresh = newRefresh(world, id)
  const verdict = await world.store.step(
    {
      instance: instance(),
      user: user(found.id),
      live: sessionsOf(found.id),
      came: session(from.came ?? ''),
    },
    (shown, now): Step<{ ok: true; session: Session; user: User } | Refusal> => {
      // What was proven was proven of the password that was read: another one has another version.
      // Another hash may be this password's too, made anew by a sign-in beside this one.
      const same = shown.user?.version === found.version && shown.user.disabledAt === null
      if (!shown.instance || !shown.user || !same) {
        const why = 'changed_meanwhile'
        const verdict = refuse('invalid_credentials', { why })
        return { verdict, record: [refusedEvent(found, why, from)] }
      }
      const rehashed = shown.user.passwordHash !== found.passwordHash
      const passwordHash = rehashed ? shown.user.passwordHash : proof.hash
      const signed: User = { ...shown.user, passwordHash, lastLoginAt: now }
      const opened = open(
        { instance: shown.instance, user: signed, live: shown.live, came: shown.came },
        { id, ...from, remember: asked.remember, digest: refresh?.digest ?? null },
        now,
        world.policy.session,
      )
      if (!opened.ok) return { verdict: opened, record: [refusedEvent(found, opened.code, from)] }
      return {
        verdict: { ok: true, session: opened.session, user: signed },
        keep: [keep('users', signed), ...opened.changes],
        record: [...opened.events, signedIn(opened.session)],
      }
    },
  )
  return verdict.ok ? grant(world, verdict, refresh) : verdict
}

/** Records a failed guess; a name that is nobody's is kept only as a keyed pseudonym. */
async function wrong(
  world: World,
  found: User | undefined,
  typed: string,
  why: string,
  from: From,
): Promise<Refusal> {
  const said = refusedEvent(
    found ?? { pseudonym: pseudonymOf(world.keys, canonicalName(typed) ?? typed) },
    why,
    from,
  )
  await record(world, said)
  return refuse('invalid_credentials', { why })
}

function refusedEvent(who: User | { pseudonym: string }, reason: string, { address }: From) {
  const subject = 'pseudonym' in who ? `name:${who.pseudonym}` : `user:${who.id}`
  return event('auth.refused', 'refused', { subject, address, reason })
}

/** The event of a sign-in, the same for set-up. */
export function signedIn(opened: Session) {
  const { userId, id, address } = opened
  const who = `user:${userId}`
  return event('auth.signed_in', 'success', { actor: who, subject: who, session: id, address })
}
