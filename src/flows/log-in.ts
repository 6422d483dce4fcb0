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
import { secretOf, stored, toVerify } from '../rules/password.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { open } from '../rules/session.ts'
import { keep, type Step } from '../rules/step.ts'
import { type Granted, grant, newId } from './grant.ts'
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
  const proof = await verified(world, found, asked.password, from.bucket)
  if (!proof.ok) return proof
  if (!found || !proof.value) return wrong(world, found, asked.username, proof.why, from)

  const id = newId(world)
  const verdict = await world.store.step(
    {
      instance: instance(),
      user: user(found.id),
      live: sessionsOf(found.id),
      came: session(from.came ?? ''),
    },
    (shown, now): Step<{ ok: true; session: Session; user: User } | Refusal> => {
      // What was proven was proven of the hash that was read: it must still be the one.
      const same = shown.user?.passwordHash === found.passwordHash && shown.user.disabledAt === null
      if (!shown.instance || !shown.user || !same) {
        const why = 'changed_meanwhile'
        const verdict = refuse('invalid_credentials', { why })
        return { verdict, record: [refusedEvent(found, why, from)] }
      }
      const signed: User = { ...shown.user, lastLoginAt: now }
      const opened = open(
        { instance: shown.instance, user: signed, live: shown.live, came: shown.came },
        { id, ...from, remember: asked.remember },
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
  return verdict.ok ? grant(world, verdict.user, verdict.session) : verdict
}

/**
 * Whether the password is this person's. Where there is none to hold it against, or only a hash that
 * cannot be read, verifying the decoy costs the same.
 */
async function verified(
  world: World,
  found: User | undefined,
  password: string,
  by: string,
): Promise<{ ok: true; value: boolean; why: string } | Refusal> {
  const { hasher, keys } = world
  const hash = found && found.disabledAt === null ? found.passwordHash : null
  const kept = hash === null ? undefined : toVerify(keys, hash, password)
  if (kept && hasher.reads(kept.phc)) {
    const done = await hasher.verify(kept.phc, kept.secret, by)
    return done.ok ? { ...done, why: 'wrong_password' } : done
  }
  const done = await hasher.verify(hasher.decoy, secretOf(keys, password).secret, by)
  const why = hash !== null ? 'corrupt_hash' : found ? 'cannot_sign_in' : 'unknown_name'
  return done.ok ? { ok: true, value: false, why } : done
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

/** Hashes a new password. */
export async function hashed(
  world: World,
  password: string,
  by: string,
): Promise<{ ok: true; value: string } | Refusal> {
  const { pepper, secret } = secretOf(world.keys, password)
  const done = await world.hasher.hash(secret, by)
  return done.ok ? { ok: true, value: stored(pepper, done.value) } : done
}
