/**
 * Prove again: a signed-in person shows the password once more, for a new one or for what needs a
 * fresh proof. A guess is charged to the session before it is checked.
 *
 * @module
 */
import { attempts, user as userRef, type World } from '../ports.ts'
import { type Came, chargeProof, sessionBucket, settleProof } from '../rules/proof.ts'
import type { Refusal } from '../rules/refusal.ts'
import type { Caller } from './authenticate.ts'
import type { From } from './log-in.ts'
import { prove } from './password.ts'

/**
 * Whether the password is the caller's.
 *
 * @returns `wrong_password`; `account_locked` for the guess that fills the session's bucket, and while
 *   that rests; `busy`, which costs no guess.
 */
export async function proveAgain(
  world: World,
  { user: { id }, session }: Caller,
  password: string,
  { address, bucket }: From,
): Promise<{ readonly ok: true } | Refusal> {
  const { lockout } = world.policy
  const who = { userId: id, session: session.id, address }
  const asked = { shown: attempts(sessionBucket(session.id)) }
  const charged = await world.store.step(asked, ({ shown }, now) =>
    chargeProof(shown, who, lockout, now),
  )
  if (!charged.ok) return charged

  // Memory does not hear of a hash that was made anew.
  const kept = await world.store.find(userRef(id))
  const proof = await prove(world, kept, password, { bucket, known: true })
  const came: Came = !proof.ok ? 'unchecked' : proof.right ? 'right' : { wrong: proof.why }
  const given = { made: charged.charge, came }
  const settled = await world.store.step(asked, ({ shown }, now) =>
    settleProof(shown, who, given, lockout, now),
  )
  return proof.ok ? settled : proof
}
