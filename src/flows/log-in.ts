/**
 * Log in: a name and a password to a session. Whatever is wrong, the same work is done and the same
 * answer given, so that nothing tells a known name from an unknown one.
 *
 * @module
 */
import {
  devicesOf,
  instance,
  ownerOf,
  session,
  sessionsOf,
  user,
  userNamed,
  type World,
} from '../ports.ts'
import { event } from '../rules/audit.ts'
import { deviceNamed, readDevice, trust } from '../rules/device.ts'
import type { Device, Session, User } from '../rules/facts.ts'
import { forgiven } from '../rules/guess.ts'
import { canonicalName } from '../rules/identifier.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { limitFor, open } from '../rules/session.ts'
import { keep, type Step } from '../rules/step.ts'
import { canSignIn } from '../rules/user.ts'
import { behind } from './acquaint.ts'
import { chargeGuess, guessOf, settleUnchecked, settleWrong, settling } from './charge.ts'
import { type Granted, grant, newId, newRefresh } from './grant.ts'
import { prove } from './password.ts'
import { evictRest } from './sessions.ts'

/** Where a request comes from, as it is kept with the session and in the audit. */
export interface From {
  readonly address: string
  /** Whose place in the hashing queue is taken: an IPv4 address, or the /64 of one of IPv6. */
  readonly bucket: string
  readonly userAgent: string
  /** The session whose genuine cookie came along. */
  readonly came: string | undefined
  /** Another one's, where the cookies of two had got mixed. */
  readonly also?: string | undefined
  /** The device cookie, genuine or not. */
  readonly device?: string | undefined
}

type SignedIn = {
  readonly ok: true
  readonly session: Session
  readonly user: User
  readonly device: Device | undefined
  /** Whether there were more sessions than the limit, and maybe more than could be shown. */
  readonly crowded: boolean
}

/**
 * Signs a person in. The guess is charged before the password is looked at, and forgiven in the step
 * that opens the session.
 *
 * @returns The new session with its tokens; `invalid_credentials`; `account_locked`; `rate_limited`;
 *   `busy`; `session_limit_reached`.
 */
export async function logIn(
  world: World,
  asked: { username: string; password: string; remember: boolean },
  from: From,
): Promise<Granted | Refusal> {
  const { keys } = world
  // A node without the secret in use would charge a bucket that the others look at no more.
  const late = await behind(world, keys)
  if (late) return late
  // Without a place nobody would look at the guess: to charge it and take that back costs everybody else.
  const door = world.hasher.admit(readDevice(keys, from.device) !== undefined)
  if (!door.ok) return door
  try {
    return await guessed(world, asked, from)
  } finally {
    door.value()
  }
}

async function guessed(
  world: World,
  asked: { username: string; password: string; remember: boolean },
  from: From,
): Promise<Granted | Refusal> {
  const { policy, keys } = world
  const name = canonicalName(asked.username)
  const found = await world.store.find(userNamed(name ?? ''))
  const guess = await guessOf(world, found, asked.username, from)
  const charged = await chargeGuess(world, guess, found, from)
  if (!charged.ok) return charged

  const place = { bucket: from.bucket, known: charged.by === 'device' }
  // Charged under a root that has gone out of use meanwhile, it would count for nothing.
  const proof =
    world.keys === keys
      ? await prove(world, found, asked.password, place)
      : refuse('unavailable', { why: 'root rotated' })
  if (!proof.ok) {
    await settleUnchecked(world, charged, guess)
    return proof
  }
  if (!found || !proof.right) return settleWrong(world, charged, { guess, why: proof.why })

  const id = newId(world)
  const deviceId = newId(world)
  const refresh = newRefresh(world, id)
  const verdict = await world.store.step(
    {
      instance: instance(),
      user: user(found.id),
      live: sessionsOf(found.id),
      // Whose session came along is only known once its row is read.
      ...(from.came === undefined
        ? {}
        : { came: session(from.came), cameOwner: ownerOf(from.came) }),
      ...(from.also === undefined
        ? {}
        : { also: session(from.also), alsoOwner: ownerOf(from.also) }),
      devices: devicesOf(found.id),
      ...settling(charged, guess),
    },
    (shown, now): Step<SignedIn | Refusal | 'changed'> => {
      // What was proven was proven of the person that was read. Not of the hash: another sign-in may
      // have made it anew meanwhile, for the same password.
      const same = shown.user?.version === found.version && canSignIn(shown.user, now)
      if (!shown.instance || !shown.user || !same) return { verdict: 'changed' }
      const kept = shown.user.passwordHash
      const passwordHash = kept === found.passwordHash ? proof.hash : kept
      const signed: User = { ...shown.user, passwordHash, lastLoginAt: now }
      const right = forgiven(shown, charged, policy.lockout)
      const limit = limitFor(signed, policy.session)
      const opened = open(
        { ...shown, instance: shown.instance, user: signed },
        { id, ...from, remember: asked.remember, digest: refresh?.digest ?? null },
        now,
        policy.session,
      )
      if (!opened.ok) {
        const said = { subject: guess.subject, address: from.address, reason: opened.code }
        // The password was right: a hash made anew for it is kept, or each try would make one.
        const anew = passwordHash === kept ? [] : [keep('users', { ...shown.user, passwordHash })]
        return {
          verdict: opened,
          keep: [...anew, ...right],
          record: [event('auth.refused', 'refused', said)],
        }
      }
      const known = deviceNamed(world.keys, from.device, found.id)
      const given = { came: known, id: deviceId, userId: found.id, userAgent: from.userAgent }
      // Whoever must change the password first has not signed in in full.
      const trusted = signed.mustChangePassword ? undefined : trust(shown.devices, given, now)
      return {
        verdict: {
          ok: true,
          session: opened.session,
          user: signed,
          device: trusted?.device,
          crowded: limit > 0 && shown.live.length > limit,
        },
        keep: [keep('users', signed), ...opened.changes, ...right, ...(trusted?.changes ?? [])],
        record: [...opened.events, signedIn(opened.session, trusted?.device)],
      }
    },
  )
  if (verdict === 'changed') return settleWrong(world, charged, { guess, why: 'changed_meanwhile' })
  if (!verdict.ok) return verdict
  if (verdict.crowded) await evictRest(world, verdict.session, from.address)
  return grant(world, verdict, refresh)
}

/** The event of a sign-in, the same for set-up. */
export function signedIn(opened: Session, device: Device | undefined) {
  const { userId, id, address } = opened
  const who = `user:${userId}`
  const said = { actor: who, subject: who, session: id, address, device: device?.id ?? null }
  return event('auth.signed_in', 'success', said)
}
