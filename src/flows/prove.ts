/**
 * Prove again: a signed-in person shows the password once more, for a new one or for what needs a
 * fresh proof.
 *
 * @module
 */
import type { World } from '../ports.ts'
import { event } from '../rules/audit.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import type { Caller } from './authenticate.ts'
import type { From } from './log-in.ts'
import { prove } from './password.ts'
import { record } from './record.ts'

/** @returns `wrong_password`; `busy`. */
export async function proveAgain(
  world: World,
  caller: Caller,
  password: string,
  { address, bucket }: From,
): Promise<{ ok: true } | Refusal> {
  const proof = await prove(world, caller.user, password, bucket)
  if (!proof.ok) return proof
  if (proof.right) return { ok: true }
  const who = `user:${caller.user.id}`
  const said = { actor: who, subject: who, session: caller.session.id, address, reason: proof.why }
  await record(world, event('password.refused', 'refused', said))
  return refuse('wrong_password', { why: proof.why })
}
