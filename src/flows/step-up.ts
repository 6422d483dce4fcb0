/**
 * Step up: the password once more, for what needs it fresh. The instant is on this session's row, and
 * nowhere else.
 *
 * @module
 */
import type { World } from '../ports.ts'
import { authority } from '../rules/authority.ts'
import type { Session } from '../rules/facts.ts'
import type { Refusal } from '../rules/refusal.ts'
import { keep, type Step } from '../rules/step.ts'
import { proven } from '../rules/step-up.ts'
import { acting, deed } from './acting.ts'
import type { Caller } from './authenticate.ts'
import type { From } from './log-in.ts'
import { proveAgain } from './prove.ts'

/** @returns The session with its new proof; `wrong_password`; `busy`. */
export async function stepUp(
  world: World,
  caller: Caller,
  password: string,
  from: From,
): Promise<{ ok: true; session: Session } | Refusal> {
  const proof = await proveAgain(world, caller, password, from)
  if (!proof.ok) return proof
  return world.store.step(
    acting(caller),
    (shown, now): Step<{ ok: true; session: Session } | Refusal> => {
      // Of another version the session would not stand: the password is the one that was shown.
      const who = authority(shown, {}, now)
      if (!who.ok) return { verdict: who }
      const session = proven(who.mine, now)
      return {
        verdict: { ok: true, session },
        keep: [keep('sessions', session)],
        record: [deed('auth.stepped_up', caller, caller.user.id, from.address)],
      }
    },
  )
}
