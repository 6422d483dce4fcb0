/**
 * The doctor: what is looked at from outside of a running server, and how much of it is well. A finding
 * says what is, and what mends it.
 *
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Keys } from './keys.ts'
import { type Instant, type Millis, minute, second } from './time.ts'

export interface Finding {
  /** What was looked at, as in `database.latency`. */
  readonly check: string
  readonly is: 'good' | 'warning' | 'bad'
  readonly says: string
  /** What mends it; not for what is good. */
  readonly mend?: string
}

/** `GET /instance/health`. */
export interface CheckUp {
  readonly findings: readonly Finding[]
}

export const good = (check: string, says: string): Finding => ({ check, is: 'good', says })
export const warning = (check: string, says: string, mend: string): Finding => ({
  check,
  is: 'warning',
  says,
  mend,
})
export const bad = (check: string, says: string, mend: string): Finding => ({
  check,
  is: 'bad',
  says,
  mend,
})

/** For how long a server believes the doctor: clocks may differ. */
const passFor: Millis = minute

const macOf = (key: Buffer, at: string): Buffer =>
  createHmac('sha256', key).update(`doctor/1 ${at}`).digest()

/** What shows a server that who asks has its secret. It is told nothing but how it was seen. */
export function doctorPass(keys: Keys, now: Instant): string {
  const at = String(now)
  return `${at}.${macOf(keys.active('doctor').key, at).toString('base64url')}`
}

/** Whether a pass is genuine, and of this minute. */
export function isDoctor(keys: Keys, pass: string, now: Instant): boolean {
  const [, at = '', mac = ''] = /^(\d{1,16})\.([\w-]{43})$/.exec(pass) ?? []
  if (at === '' || Math.abs(now - Number(at)) > passFor) return false
  const given = Buffer.from(mac, 'base64url')
  return keys.ids.some((id) => {
    const key = keys.byId('doctor', id)
    return key !== undefined && timingSafeEqual(macOf(key, at), given)
  })
}

/** How a server saw a request. */
export interface Seen {
  /** Whom it counts limits and lockouts for. */
  readonly address: string
  /** `X-Forwarded-For`, as it came in. */
  readonly forwardedFor: string | null
  /** Whether anything else says that a proxy is in front. */
  readonly proxied: boolean
}

/**
 * Whose address a server sees, of a request that claimed to come from `spoofed`.
 *
 * @param spoofed An address of nobody, sent as `X-Forwarded-For`.
 */
export function ofAddress({ address, forwardedFor, proxied }: Seen, spoofed: string): Finding {
  const check = 'url.address'
  if (address === spoofed)
    return bad(
      check,
      'Anybody can claim any address: X-Forwarded-For is believed as it came.',
      'Let trustProxy name only your proxies, and have the outermost one replace X-Forwarded-For.',
    )
  const hops = (forwardedFor ?? '').split(',').map((one) => one.trim())
  const fromProxy = hops.filter((one) => one !== '' && one !== spoofed)
  if (fromProxy.length > 0 && !fromProxy.includes(address))
    return bad(
      check,
      `Everybody seems to come from ${address}, which is the proxy: limits and lockouts hit all at once.`,
      `Set trustProxy to ${address}, or to the network of your proxies.`,
    )
  if (fromProxy.length === 0 && proxied)
    return bad(
      check,
      `A proxy is in front and does not say whom it asks for: everybody comes from ${address}.`,
      'Have it set X-Forwarded-For (nginx: proxy_set_header X-Forwarded-For $remote_addr).',
    )
  return good(check, `This machine is seen as ${address}, and cannot claim another address.`)
}

/** @param free, total Bytes. */
export function ofDisk({ free, total }: { free: number; total: number }, folder: string): Finding {
  const check = 'database.disk'
  const says = `${Math.round(free / 1_048_576)} MB are free where ${folder} is.`
  const mend = 'Make room, or move the database: on a full disk everything is answered 503.'
  if (free < 100 * 1_048_576) return bad(check, says, mend)
  if (free < 1_073_741_824 && free < total / 10) return warning(check, says, mend)
  return good(check, says)
}

/** @param differs Of the other clock from this one; negative when it is behind. */
export function ofClock(check: string, differs: Millis, whose: string): Finding {
  const off = Math.abs(differs)
  const says = `The clock of ${whose} is ${(off / second).toFixed(1)} s ${differs < 0 ? 'behind' : 'ahead of'} this one.`
  const mend = 'Keep both in step by NTP (timedatectl set-ntp true).'
  if (off > 30 * second) return bad(check, says, mend)
  return off > 3 * second ? warning(check, says, mend) : good(check, says)
}

/** @param took The middle one of a few smallest reads. */
export function ofLatency(took: Millis): Finding {
  const check = 'database.latency'
  const says = `It answers in ${took.toFixed(1)} ms.`
  return took > 50
    ? warning(check, says, 'Bring it nearer to the server: each sign-in asks it several times.')
    : good(check, says)
}

/**
 * The cookies as they came through.
 *
 * @param expected `Set-Cookie` values as they were sent.
 * @param got As they arrived.
 */
export function ofCookies(expected: readonly string[], got: readonly string[]): Finding {
  const check = 'url.cookies'
  const nameOf = (cookie: string) => cookie.slice(0, cookie.indexOf('='))
  const plain = (cookie: string) =>
    cookie
      .split(';')
      .map((part) => part.trim().toLowerCase())
      .sort()
      .join(';')
  const changed = expected.filter((one) => !got.some((other) => plain(other) === plain(one)))
  if (changed.length === 0) return good(check, `Cookies arrive as they are sent: ${expected[0]}`)
  const [first = ''] = changed
  const arrived = got.find((one) => nameOf(one) === nameOf(first))
  return bad(
    check,
    arrived === undefined
      ? `The cookie ${nameOf(first)} does not arrive: nobody stays signed in.`
      : `The cookie ${nameOf(first)} is changed on the way: ${arrived}`,
    'Let the proxy leave Set-Cookie alone (nginx: no proxy_cookie_*, no proxy_hide_header).',
  )
}
