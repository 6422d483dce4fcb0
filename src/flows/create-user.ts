/**
 * Create user: somebody is added by an administrator. The password is known to him, whether he chose
 * it or it was made here, so it signs in for a day, and for nothing but choosing another.
 *
 * @see OWASP ASVS 5.0 V6.4.1
 * @module
 */
import { attempts, userNamed, type World } from '../ports.ts'
import type { User } from '../rules/facts.ts'
import {
  canonicalName,
  displayNameFault,
  showableName,
  usernameFault,
} from '../rules/identifier.ts'
import { type FieldRefusal, type Refusal, refuse } from '../rules/refusal.ts'
import { keep, type Step } from '../rules/step.ts'
import { knowsRoles, mayChange, newUser, unknownRole } from '../rules/user.ts'
import { acting, authorityOf, type Doer, type DoneFrom, deed, refused } from './acting.ts'
import { nameBucketOf } from './charge.ts'
import { newId } from './grant.ts'
import { faultOf, generated, hashed } from './password.ts'

type Created = { readonly ok: true; readonly user: User }

/**
 * Adds somebody, with a password that must be changed at the first sign-in.
 *
 * @returns The password where it was made here; `validation_failed` with fields; `forbidden` for a
 *   role above the own; `username_taken`; `busy`.
 */
export async function createUser(
  world: World,
  caller: Doer,
  asked: {
    username: string
    role: string
    displayName?: string | undefined
    password?: string | undefined
  },
  { address, bucket }: DoneFrom,
): Promise<(Created & { temporaryPassword: string | undefined }) | Refusal> {
  const who = await described(world, asked)
  if ('fields' in who) return refuse('validation_failed', { fields: who.fields })
  const temporaryPassword = asked.password === undefined ? generated(world) : undefined
  const hash = await hashed(world, asked.password ?? temporaryPassword ?? '', {
    bucket,
    known: true,
  })
  if (!hash.ok) return hash

  const id = newId(world)
  const guessed = attempts(await nameBucketOf(world, who.username))
  const verdict = await world.store.step(
    { ...acting(caller), taken: userNamed(who.username), guessed },
    (shown, now): Step<Created | Refusal> => {
      const { access, policy } = world
      const needs = { permission: 'users:write', access, fresh: policy.stepUp } as const
      const by = authorityOf(caller, shown, needs, now)
      if (!by.ok) return { verdict: by }
      const user = newUser({ ...who, id, role: asked.role, passwordHash: hash.value }, now)
      const refusal = mayChange(access, by.me, user)
      if (refusal) return { verdict: refusal, record: [refused(caller, id, refusal, address)] }
      if (shown.taken) return { verdict: refuse('username_taken') }
      const details = { username: user.username, role: user.role }
      return {
        verdict: { ok: true, user },
        keep: [
          keep('users', user),
          // A name that rests is listed as soon as it is somebody's.
          ...(shown.guessed
            ? [keep('attempts', { ...shown.guessed, username: user.username })]
            : []),
        ],
        record: [deed('user.created', caller, id, address, details)],
      }
    },
  )
  return verdict.ok ? { ...verdict, temporaryPassword } : verdict
}

async function described(
  world: World,
  asked: Parameters<typeof createUser>[2],
): Promise<{ username: string; displayName: string | null } | { fields: FieldRefusal[] }> {
  const username = canonicalName(asked.username)
  const displayName = asked.displayName === undefined ? null : showableName(asked.displayName)
  const { password, username: typed } = asked
  const fault =
    password === undefined
      ? undefined
      : await faultOf(world, { password, username: typed, field: 'password' })
  const role = knowsRoles(world.access, asked)
  if (username && displayName !== undefined && role && !fault) return { username, displayName }
  return {
    fields: [
      ...(username ? [] : [usernameFault]),
      ...(role ? [] : [unknownRole('role')]),
      ...(displayName === undefined ? [displayNameFault] : []),
      ...(fault ? [fault] : []),
    ],
  }
}
