/**
 * Set up: the first owner. Everything is looked at before the slow part and once more in the step
 * that writes, so of any number of claims exactly one wins.
 *
 * @module
 */
import { instance, session, userNamed, type World } from '../ports.ts'
import { event } from '../rules/audit.ts'
import { trust } from '../rules/device.ts'
import type { Device, Session, User } from '../rules/facts.ts'
import {
  canonicalName,
  displayNameFault,
  showableName,
  usernameFault,
} from '../rules/identifier.ts'
import { maxBytes, maxLength } from '../rules/password.ts'
import { type FieldRefusal, type Refusal, refuse } from '../rules/refusal.ts'
import { open } from '../rules/session.ts'
import { firstOwner, mayClaim } from '../rules/set-up.ts'
import { keep, type Step } from '../rules/step.ts'
import { behind } from './acquaint.ts'
import { type Granted, grant, newId, newRefresh } from './grant.ts'
import { type From, signedIn } from './log-in.ts'
import { faultOf, hashed } from './password.ts'
import { record } from './record.ts'

type SetUp = { ok: true; session: Session; user: User; device: Device }

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
  if (refusal) await record(world, refusedClaim(refusal, from))
  return refusal
}

function refusedClaim({ code }: Refusal, { address }: From) {
  return event('auth.refused', 'refused', { subject: 'setup', address, reason: code })
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
  const hash = await hashed(world, asked.password, { bucket: from.bucket, known: false })
  if (!hash.ok) return hash

  const [userId, sessionId, deviceId] = [newId(world), newId(world), newId(world)]
  const refresh = newRefresh(world, sessionId)
  const verdict = await world.store.step(
    {
      instance: instance(),
      taken: userNamed(who.username),
      came: session(from.came ?? ''),
      also: session(from.also ?? ''),
    },
    (shown, now): Step<SetUp | Refusal> => {
      const refusal = mayClaim(shown.instance, world.setupTokens, asked.setupToken)
      if (refusal) return { verdict: refusal, record: [refusedClaim(refusal, from)] }
      if (!shown.instance) return { verdict: refuse('already_set_up') }
      if (shown.taken) return { verdict: refuse('username_taken') }
      const user = firstOwner({ ...who, id: userId, passwordHash: hash.value }, now)
      const opened = open(
        { instance: shown.instance, user, live: [], came: shown.came, also: shown.also },
        { id: sessionId, ...from, remember: false, digest: refresh?.digest ?? null },
        now,
        world.policy.session,
      )
      if (!opened.ok) return { verdict: opened }
      const { address } = from
      const actor = `user:${userId}`
      const given = { came: undefined, id: deviceId, userId, userAgent: from.userAgent }
      const { device, changes } = trust([], given, now)
      return {
        verdict: { ok: true, session: opened.session, user, device },
        keep: [
          keep('instance', { ...shown.instance, claimedAt: now }),
          keep('users', user),
          ...opened.changes,
          ...changes,
        ],
        record: [
          event('instance.claimed', 'success', { actor, subject: actor, address }),
          ...opened.events,
          signedIn(opened.session, device),
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
  const { username: typed, password } = asked
  const fault = await faultOf(world, { password, username: typed, field: 'password' })
  if (username && displayName !== undefined && !fault) return { username, displayName }

  return {
    fields: [
      ...(username ? [] : [usernameFault]),
      ...(displayName === undefined ? [displayNameFault] : []),
      ...(fault ? [fault] : []),
    ],
  }
}
