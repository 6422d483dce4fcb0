/**
 * Set up: the first owner. Everything is looked at before the slow part and once more in the step
 * that writes, so of any number of claims exactly one wins.
 *
 * @module
 */
import { instance, session, userNamed, type World } from '../ports.ts'
import { event } from '../rules/audit.ts'
import type { Session, User } from '../rules/facts.ts'
import { canonicalName, showableName } from '../rules/identifier.ts'
import { maxBytes, maxLength, passwordFault } from '../rules/password.ts'
import { type FieldRefusal, type Refusal, refuse } from '../rules/refusal.ts'
import { open } from '../rules/session.ts'
import { firstOwner, mayClaim } from '../rules/set-up.ts'
import { keep, type Step } from '../rules/step.ts'
import { behind } from './acquaint.ts'
import { type Granted, grant, newId, newRefresh } from './grant.ts'
import { type From, signedIn } from './log-in.ts'
import { hashed } from './password.ts'
import { record } from './record.ts'

/** Whether an owner is missing, and what a password must be. */
export async function setupStatus(world: World) {
  const here = await world.store.find(instance())
  const { minLength } = world.policy.password
  return {
    needsOwner: here?.claimedAt === null,
    passwordPolicy: { minLength, maxLength, maxBytes },
  }
}

/** Whether `token` may claim this instance now. Asked before the fields are even read. */
export async function admitClaim(
  world: World,
  token: string,
  from: From,
): Promise<Refusal | undefined> {
  const late = await behind(world, world.keys)
  if (late) return late
  const refusal = mayClaim(await world.store.find(instance()), world.setupTokens, token)
  if (!refusal) return undefined
  const said = { subject: 'setup', address: from.address, reason: refusal.code }
  await record(world, event('auth.refused', 'refused', said))
  return refusal
}

/**
 * Makes the first owner and signs him in.
 *
 * @returns `already_set_up`, `forbidden`, `validation_failed` with fields, `busy`.
 */
export async function setUp(
  world: World,
  asked: {
    setupToken: string
    username: string
    password: string
    displayName?: string | undefined
  },
  from: From,
): Promise<Granted | Refusal> {
  const who = await named(world, asked)
  if ('fields' in who) return refuse('validation_failed', { fields: who.fields })
  const hash = await hashed(world, asked.password, from.bucket)
  if (!hash.ok) return hash

  const [userId, sessionId] = [newId(world), newId(world)]
  const refresh = newRefresh(world, sessionId)
  const verdict = await world.store.step(
    { instance: instance(), taken: userNamed(who.username), came: session(from.came ?? '') },
    (shown, now): Step<{ ok: true; session: Session; user: User } | Refusal> => {
      const refusal = mayClaim(shown.instance, world.setupTokens, asked.setupToken)
      if (refusal || !shown.instance) return { verdict: refusal ?? refuse('already_set_up') }
      if (shown.taken) return { verdict: refuse('username_taken') }
      const user = firstOwner({ ...who, id: userId, passwordHash: hash.value }, now)
      const opened = open(
        { instance: shown.instance, user, live: [], came: shown.came },
        { id: sessionId, ...from, remember: false, digest: refresh?.digest ?? null },
        now,
        world.policy.session,
      )
      if (!opened.ok) return { verdict: opened }
      const { address } = from
      const actor = `user:${userId}`
      return {
        verdict: { ok: true, session: opened.session, user },
        keep: [
          keep('instance', { ...shown.instance, claimedAt: now }),
          keep('users', user),
          ...opened.changes,
        ],
        record: [
          event('instance.claimed', 'success', { actor, subject: actor, address }),
          ...opened.events,
          signedIn(opened.session),
        ],
      }
    },
  )
  return verdict.ok ? grant(world, verdict, refresh) : verdict
}

async function named(
  world: World,
  asked: { username: string; password: string; displayName?: string | undefined },
): Promise<{ username: string; displayName: string | null } | { fields: FieldRefusal[] }> {
  const username = canonicalName(asked.username)
  const displayName = asked.displayName === undefined ? null : showableName(asked.displayName)
  const fault = passwordFault(asked.password, {
    policy: world.policy.password,
    common: await world.commonPasswords(),
    names: [asked.username, 'sallyport', new URL(world.publicOrigin).hostname],
  })
  if (username && displayName !== undefined && !fault) return { username, displayName }

  const notAllowed = (name: string, detail: string) => ({ name, code: 'not_allowed', detail })
  return {
    fields: [
      ...(username
        ? []
        : [notAllowed('username', 'Use letters, digits and . _ @ + - between them.')]),
      ...(displayName === undefined
        ? [notAllowed('displayName', 'Use 1 to 128 characters, no control characters.')]
        : []),
      ...(fault ? [fault] : []),
    ],
  }
}
