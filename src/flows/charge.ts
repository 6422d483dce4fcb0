/**
 * Charge: a password given at sign-in is charged before anything looks at it, in a step of its own, and
 * settled when it was found right, wrong, or was not looked at.
 *
 * @module
 */
import { attempts, device, type World } from '../ports.ts'
import { olderPseudonymsOf, pseudonymOf } from '../rules/audit.ts'
import { deviceNamed } from '../rules/device.ts'
import type { User } from '../rules/facts.ts'
import {
  addressBucket,
  type Charged,
  carryOver,
  chargeDevice,
  chargeStranger,
  deviceBucket,
  fills,
  type Guess,
  nameBucket,
  type Settling,
  unchecked,
  wrongGuess,
} from '../rules/guess.ts'
import { canonicalName } from '../rules/identifier.ts'
import type { Refusal } from '../rules/refusal.ts'
import type { Step } from '../rules/step.ts'
import type { From } from './log-in.ts'

/**
 * The bucket of a name, whoever it is or is not. What was charged to it before the root secret was
 * rotated is in it: a rotation ends no rest.
 *
 * Nothing is charged to the older one any more by whoever gets past {@link behind}: a guess is charged
 * first and only then looked at, and where the secret has changed between, not at all.
 */
export async function nameBucketOf({ store, keys }: World, typed: string): Promise<string> {
  const name = canonicalName(typed) ?? typed
  const id = nameBucket(pseudonymOf(keys, name))
  for (const older of olderPseudonymsOf(keys, name)) {
    const asked = { older: attempts(nameBucket(older)), current: attempts(id) }
    if (await store.find(asked.older)) await store.step(asked, (shown) => carryOver(shown, id))
  }
  return id
}

/** Who is guessed, and from where; a name that is nobody's is kept only as a keyed pseudonym. */
export async function guessOf(
  world: World,
  found: User | undefined,
  typed: string,
  { address, bucket }: From,
): Promise<Guess> {
  const name = await nameBucketOf(world, typed)
  const username = found?.username ?? null
  return { name, username, subject: found ? `user:${found.id}` : name, address, bucket }
}

/**
 * Charges a guess to the trusted device it comes from; else to its name and its address.
 *
 * @returns `account_locked`, `rate_limited`: the password is then not to be looked at.
 */
export async function chargeGuess(
  world: World,
  guess: Guess,
  found: User | undefined,
  from: From,
): Promise<Charged | Refusal> {
  const { store, policy } = world
  const id = found && deviceNamed(world.keys, from.device, found.id)
  if (found && id !== undefined) {
    const asked = { device: device(id), bucket: attempts(deviceBucket(id)) }
    const given = { id, userId: found.id }
    const charged = await store.step(asked, (shown, now) =>
      chargeDevice(shown, given, policy.lockout, now),
    )
    if (charged !== 'stranger') return charged
  }
  const asked = { name: attempts(guess.name), address: attempts(addressBucket(guess.bucket)) }
  const given = { lockout: policy.lockout, login: policy.limits.login }
  return store.step(
    asked,
    (shown, now): Step<Charged | Refusal> => chargeStranger(shown, guess, given, now),
  )
}

/** Asks for what settles a charge: the buckets it is in, and the device it came from. */
export const settling = (charged: Charged, { name }: Guess) =>
  charged.by === 'stranger'
    ? { name: attempts(name), address: attempts(charged.address.id) }
    : { name: attempts(name), bucket: attempts(charged.device.id), device: device(charged.id) }

/** Records a wrong password. @returns What is told: the guess that filled a bucket hears of the rest. */
export function settleWrong(
  world: World,
  charged: Charged,
  given: { guess: Guess; why: string },
): Promise<Refusal> {
  const { lockout } = world.policy
  // Most are just wrong; then nothing that is kept decides.
  const asked = fills(charged) ? settling(charged, given.guess) : {}
  return world.store.step(asked, (shown: Settling, now) =>
    wrongGuess(shown, charged, given, lockout, now),
  )
}

/** Takes back what was charged for a password that nobody had the time to look at. */
export async function settleUnchecked(world: World, charged: Charged, guess: Guess): Promise<void> {
  await world.store.step(settling(charged, guess), (shown) => ({
    verdict: undefined,
    keep: unchecked(shown, charged, world.policy.lockout),
  }))
}
