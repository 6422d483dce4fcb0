/**
 * Import user: somebody comes from another program, with the hash of the password chosen there. It signs
 * in as it did, and is made anew as ours are at the first sign-in.
 *
 * @module
 */
import { userNamed, type World } from '../ports.ts'
import {
  canonicalName,
  displayNameFault,
  showableName,
  usernameFault,
} from '../rules/identifier.ts'
import { toVerify } from '../rules/password.ts'
import { type FieldRefusal, type Refusal, refuse } from '../rules/refusal.ts'
import { keep, type Step } from '../rules/step.ts'
import { importedUser, knowsRoles, unknownRole } from '../rules/user.ts'
import { deed, type OperatorCaller } from './acting.ts'
import { newId } from './grant.ts'

export interface Coming {
  readonly username: string
  readonly role: string
  readonly displayName?: string | undefined
  /** As the other program keeps it: one of those in `docs/guide/import.md`. */
  readonly passwordHash: string
  readonly disabled?: boolean | undefined
}

const hashFault: FieldRefusal = {
  name: 'passwordHash',
  code: 'not_allowed',
  detail: 'This is no hash that can be verified here.',
}

/**
 * Brings somebody in, once: a name that is there already stays as it is.
 *
 * @returns Whether he was added; `validation_failed` with fields.
 */
export async function importUser(
  world: World,
  operator: OperatorCaller,
  coming: Coming,
): Promise<{ readonly ok: true; readonly added: boolean } | Refusal> {
  const { role, passwordHash, disabled = false } = coming
  const username = canonicalName(coming.username)
  const displayName = coming.displayName === undefined ? null : showableName(coming.displayName)
  const kept = toVerify(world.keys, passwordHash, '')
  // One under a pepper is ours, or of another instance: it cannot be told apart from any text.
  const readable = kept && kept.pepper === undefined && world.hasher.reads(kept.phc)
  const fields = [
    ...(username ? [] : [usernameFault]),
    ...(knowsRoles(world.access, { role }) ? [] : [unknownRole('role')]),
    ...(displayName === undefined ? [displayNameFault] : []),
    ...(readable ? [] : [hashFault]),
  ]
  if (fields.length > 0 || !username || displayName === undefined)
    return refuse('validation_failed', { fields })

  const id = newId(world)
  return world.store.step(
    { taken: userNamed(username) },
    ({ taken }, now): Step<{ readonly ok: true; readonly added: boolean }> => {
      if (taken) return { verdict: { ok: true, added: false } }
      const user = importedUser({ id, username, displayName, role, passwordHash }, disabled, now)
      const details = { username, role, imported: true }
      return {
        verdict: { ok: true, added: true },
        keep: [keep('users', user)],
        record: [deed('user.created', operator, id, null, details)],
      }
    },
  )
}
