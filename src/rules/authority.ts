/**
 * Authority: whether somebody who was let in a moment ago may still do what was asked, on how things
 * are in the step that writes. A session that was ended meanwhile, a role that was taken, or a proof
 * that has grown old does nothing more.
 *
 * @see OWASP ASVS 5.0 V8.3.2; CWE-367
 * @module
 */
import { type Access, may, type Permission } from './access.ts'
import { keyMay, keyStanding } from './api-key.ts'
import type { ApiKey, Instance, Session, User } from './facts.ts'
import { type Refusal, refuse } from './refusal.ts'
import { standing } from './session.ts'
import { freshness, type StepUpPolicy } from './step-up.ts'
import type { Instant } from './time.ts'

/** The caller as he is in the step. */
export interface Acting {
  readonly here: Instance | undefined
  readonly me: User | undefined
  readonly mine: Session | undefined
}

/** The one who acts: what is asked of him besides. */
export type Actor = Pick<User, 'id' | 'role' | 'scopes'>

/**
 * The operator at the command line. Whoever holds the database and the secret needs no session; he
 * stands as high as an owner, and what holds for all holds for him.
 */
export const operating: { readonly ok: true; readonly me: Actor } = {
  ok: true,
  me: { id: '', role: 'owner', scopes: '[]' },
}

/** What the deed needs, besides a session that stands. */
export type Needs = {
  /** Whether the password must have been shown a short while ago. */
  readonly fresh?: StepUpPolicy
} & (
  | { readonly permission?: undefined; readonly access?: undefined }
  | { readonly permission: Permission; readonly access: Access }
)

/** The one who acts, or why nobody does. */
export function authority(
  { here, me, mine }: Acting,
  needs: Needs,
  now: Instant,
): { readonly ok: true; readonly me: User; readonly mine: Session } | Refusal {
  if (!here) throw new Error('the instance row is gone')
  const over = standing(mine, me, here, now)
  if (over || !me || !mine) return over ?? refuse('not_authenticated')
  const { fresh } = needs
  if (needs.permission && !may(needs.access, me, needs.permission))
    return refuse('forbidden', { why: needs.permission })
  return (fresh && freshness(mine, me, now, fresh)) ?? { ok: true, me, mine }
}

/** As {@link authority}, for what an API key may do as well: whichever of the two is shown acts. */
export function authorityBy(
  { key, ...acting }: Acting & { readonly key: ApiKey | undefined },
  { permission, access }: { readonly permission: Permission; readonly access: Access },
  now: Instant,
): { readonly ok: true; readonly me: User } | Refusal {
  const { me, mine } = acting
  if (mine) return authority(acting, { permission, access }, now)
  const over = keyStanding(key, me, now)
  if (over || !key || !me) return over ?? refuse('not_authenticated')
  return keyMay(access, key, me, permission)
    ? { ok: true, me }
    : refuse('forbidden', { why: permission })
}
