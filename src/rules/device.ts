/**
 * Trusted devices: browsers a person has signed in with. Strangers who let a name rest do not keep its
 * owner out of them. The cookie only says which device it is; the row decides.
 *
 * @see OWASP, "Slow Down Online Guessing Attacks with Device Cookies"
 * @module
 */
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto'
import type { Device } from './facts.ts'
import type { Keys } from './keys.ts'
import { deviceLifetime } from './lockout.ts'
import { type Change, forget, keep } from './step.ts'
import { type Instant, minute } from './time.ts'

/** Bytes: version 1, key id 6, device id 16, user id 16, MAC 16. */
const length = 55
const signed = length - 16
const version = 1

/** A person has no more devices; the one unused for longest goes. */
const mostDevices = 20

/** The longest user agent that is kept, in characters. */
const longestAgent = 512

const macOf = (key: KeyObject, body: Buffer): Buffer =>
  createHmac('sha256', key).update(body).digest().subarray(0, 16)

const bytesOf = (id: string): Buffer => Buffer.from(id, 'base64url')

/** The cookie's value: 74 characters, base64url. */
export function deviceToken(keys: Keys, { id, userId }: Pick<Device, 'id' | 'userId'>): string {
  const { id: kid, mac } = keys.active('device')
  const body = Buffer.concat([Buffer.of(version), bytesOf(kid), bytesOf(id), bytesOf(userId)])
  return Buffer.concat([body, macOf(mac, body)]).toString('base64url')
}

/** Which device of whom a cookie names; `undefined` for one that is not ours. Never throws. */
export function readDevice(
  keys: Keys,
  text: string | undefined,
): Pick<Device, 'id' | 'userId'> | undefined {
  const bytes = Buffer.from(text ?? '', 'base64url')
  if (bytes.length !== length || bytes.toString('base64url') !== text || bytes[0] !== version)
    return undefined
  const key = keys.forMac('device', bytes.subarray(1, 7).toString('base64url'))
  if (!key || !timingSafeEqual(macOf(key, bytes.subarray(0, signed)), bytes.subarray(signed)))
    return undefined
  const idAt = (from: number, to: number) => bytes.subarray(from, to).toString('base64url')
  return { id: idAt(7, 23), userId: idAt(23, signed) }
}

/** The id of the device of this person that a cookie names, if it is one of theirs. */
export function deviceNamed(
  keys: Keys,
  text: string | undefined,
  userId: string,
): string | undefined {
  const named = readDevice(keys, text)
  return named?.userId === userId ? named.id : undefined
}

/** Whether a device, as it is kept, is trusted for this person now. */
export const isTrusted = (
  device: Device | undefined,
  userId: string,
  now: Instant,
): device is Device =>
  device !== undefined &&
  device.userId === userId &&
  now < device.expiresAt &&
  // Used after now: its limit was set by a clock that was wrong.
  device.lastUsedAt <= now + minute

/**
 * Trusts the browser of a full sign-in: the device it came with anew, or another one.
 *
 * @param devices All that are kept of the person.
 * @param given.came The device its cookie named, if any.
 * @param given.id For a new device: 128 random bits.
 */
export function trust(
  devices: readonly Device[],
  given: { came: string | undefined; id: string; userId: string; userAgent: string },
  now: Instant,
): { device: Device; changes: Change[] } {
  const { came, id, userId } = given
  const known = devices.find((one) => one.id === came && isTrusted(one, userId, now))
  const device: Device = {
    ...(known ?? { id, userId, createdAt: now }),
    userAgent: given.userAgent.slice(0, longestAgent),
    lastUsedAt: now,
    expiresAt: now + deviceLifetime,
  }
  const staying = devices
    .filter((one) => one.id !== device.id && now < one.expiresAt)
    .sort((a, b) => b.lastUsedAt - a.lastUsedAt || (a.id < b.id ? -1 : 1))
    .slice(0, mostDevices - 1)
  const going = devices.filter((one) => one.id !== device.id && !staying.includes(one))
  return { device, changes: [...forgetDevices(going), keep('devices', device)] }
}

/** The changes after which none of these is trusted: a password was changed, or somebody asked to. */
export const forgetDevices = (devices: readonly Device[]): Change[] =>
  devices.map(({ id }) => forget('devices', id))
