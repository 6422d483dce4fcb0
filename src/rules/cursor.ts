/**
 * Cursors: where the next page of a list begins, signed and bound to the list and the person it was
 * made for, so that none can be made up or carried over.
 *
 * @see OWASP ASVS 5.0 V8.2.2
 * @module
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import type { Keys } from './keys.ts'
import type { Instant } from './time.ts'

/** After which record a page begins. */
export interface Place {
  readonly createdAt: Instant
  readonly id: string
}

/** `list` and `for` together are what a cursor is bound to. */
export interface Bound {
  readonly list: string
  readonly for: string
}

function macOf(key: Buffer, bound: Bound, place: string): Buffer {
  return createHmac('sha256', key)
    .update(JSON.stringify([bound.list, bound.for, place]))
    .digest()
    .subarray(0, 16)
}

/** Writes a cursor. */
export function cursorAt(keys: Keys, bound: Bound, { createdAt, id }: Place): string {
  const place = `${createdAt.toString(36)}~${id}`
  return `${place}~${macOf(keys.active('cursor').key, bound, place).toString('base64url')}`
}

/** Reads a cursor; `undefined` for one that was not made for this list and this person. */
export function placeIn(keys: Keys, bound: Bound, cursor: string): Place | undefined {
  const [at, id, mac, ...rest] = cursor.split('~')
  if (at === undefined || !id || !mac || rest.length > 0) return undefined
  const place = `${at}~${id}`
  const given = Buffer.from(mac, 'base64url')
  const ours = keys.ids.some((kid) => {
    const key = keys.byId('cursor', kid)
    const expected = key && macOf(key, bound, place)
    return expected?.length === given.length && timingSafeEqual(expected, given)
  })
  return ours && given.toString('base64url') === mac
    ? { createdAt: Number.parseInt(at, 36), id }
    : undefined
}
