/** Refresh tokens: their bytes, spelled out; everything that looks like one; and their order. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Session } from './facts.ts'
import { deriveKeys, rootOf } from './keys.ts'
import { firstToken, placed, type RefreshToken, readRefresh, successorOf } from './refresh-token.ts'

const [one, two] = [rootOf(Buffer.alloc(32, 1)), rootOf(Buffer.alloc(32, 2))]
const keys = deriveKeys({ active: one, verify: [] }, 'an instance')
const rotated = deriveKeys({ active: two, verify: [one] }, 'an instance')
const bytes = (from: number, length: number) =>
  Buffer.from(Array.from({ length }, (_, index) => from + index))

const sid = 'AAECAwQFBgcICQoLDA0ODw'
const salt = 'QEFCQ0RFRkdISUpLTE1OTw'
const first = firstToken(keys, sid, bytes(0x20, 32))

/** Made by another program, in Python, from the sentence in the design and nothing else. */
test('the first token of a session, byte for byte', () => {
  expect(first.kid).toBe('63EuUXuZ')
  expect(Buffer.from(first.text, 'base64url').toString('hex')).toBe(
    [
      '01',
      'eb712e517b99',
      '000102030405060708090a0b0c0d0e0f',
      '00000000',
      '202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f',
      'c45a6a7086f11e9f8ace736912524eff',
    ].join(''),
  )
  expect(first.digest).toBe('5qkFVy7D0-RtHN7gLZNYdm7aj-UjpCWnf0csqgTlu1E')
})

test('its successor, byte for byte', () => {
  const next = successorOf(keys, first, salt, first.kid)
  expect(Buffer.from(next.text, 'base64url').toString('hex')).toBe(
    [
      '01',
      'eb712e517b99',
      '000102030405060708090a0b0c0d0e0f',
      '00000001',
      '811e8421866670bebc8a1d5a3f8bf1ef638395b97735c0bc57169ca2ec438f6e',
      '9236c8d8921ad0db928a8215bcd5ec4d',
    ].join(''),
  )
  expect(next.digest).toBe('x2mNJNArEkP_fygxYkZYCK292_HnUlZdyTnLS0SuGD0')
})

describe('reading', () => {
  test('what was made is read, under any root of the ring', () => {
    for (const ring of [keys, rotated])
      expect(readRefresh(ring, first.text)).toEqual({ kind: 'token', token: first })
  })

  test('every flipped bit: none of ours, or, in the key id, of a root that is not at hand', () => {
    const genuine = Buffer.from(first.text, 'base64url')
    for (let bit = 0; bit < genuine.length * 8; bit++) {
      const flipped = Buffer.from(genuine)
      const at = bit >> 3
      flipped[at] = (flipped[at] ?? 0) ^ (1 << (bit & 7))
      const kind = at >= 1 && at < 7 ? 'unknown-key' : 'foreign'
      expect([bit, readRefresh(keys, flipped.toString('base64url'))]).toEqual([bit, { kind }])
    }
  })

  test.each([
    ['nothing', ''],
    ['one character less', first.text.slice(1)],
    ['one more', `${first.text}A`],
    ['padding', `${first.text.slice(0, -1)}=`],
    ['the other alphabet', first.text.replace(/_/g, '/')],
    ['a space before it', ` ${first.text.slice(1)}`],
    ['quotes', `"${first.text.slice(2)}"`],
    ['a name of an object', '__proto__'.padEnd(100, '_')],
    ['letters of more bytes', 'é'.repeat(100)],
    ['half a surrogate', '\ud800'.repeat(100)],
    ['very much', first.text.repeat(1000)],
  ])('%s is none of ours', (_, text) => {
    expect(readRefresh(keys, text)).toEqual({ kind: 'foreign' })
  })

  test('property: no text of the right length is one of ours', () => {
    const any = fc.oneof(
      fc.uint8Array({ minLength: 75, maxLength: 75 }).map((b) => Buffer.from(b)),
      fc.uint8Array({ minLength: 68, maxLength: 68 }).map((rest) => {
        const head = Buffer.from(first.text, 'base64url').subarray(0, 7)
        return Buffer.concat([head, rest])
      }),
    )
    fc.assert(
      fc.property(any, (forged) => {
        expect(readRefresh(keys, forged.toString('base64url')).kind).not.toBe('token')
      }),
    )
  })

  test('a token of another installation or another root is never read', () => {
    const elsewhere = deriveKeys({ active: one, verify: [] }, 'another instance')
    expect(readRefresh(elsewhere, first.text)).toEqual({ kind: 'foreign' })
    const without = deriveKeys({ active: two, verify: [] }, 'an instance')
    expect(readRefresh(without, first.text)).toEqual({ kind: 'unknown-key' })
  })
})

describe('the successor', () => {
  const given = fc.uint8Array({ minLength: 16, maxLength: 16 })
  const salts = given.map((b) => Buffer.from(b).toString('base64url'))
  const secrets = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((b) => Buffer.from(b))

  test('property: the same token, salt and root make the same one, on every node that has the root', () => {
    fc.assert(
      fc.property(salts, secrets, fc.nat(1000), (with_, secret, generation) => {
        const token: RefreshToken = { ...firstToken(keys, sid, secret), generation }
        const next = successorOf(keys, token, with_, one.id)
        expect(successorOf(rotated, token, with_, one.id)).toEqual(next)
        expect(readRefresh(keys, next.text)).toEqual({ kind: 'token', token: next })
        expect(next).toMatchObject({ sid, generation: generation + 1, kid: one.id })
      }),
    )
  })

  test('property: another salt, secret, session or root makes another one', () => {
    fc.assert(
      fc.property(salts, salts, secrets, secrets, (a, b, secret, other) => {
        fc.pre(a !== b && !secret.equals(other))
        const token = firstToken(rotated, sid, secret)
        const made = [
          successorOf(rotated, token, a, one.id),
          successorOf(rotated, token, b, one.id),
          successorOf(rotated, token, a, two.id),
          successorOf(rotated, firstToken(rotated, sid, other), a, one.id),
          successorOf(rotated, { ...token, sid: salt }, a, one.id),
          successorOf(rotated, { ...token, generation: 7 }, a, one.id),
        ]
        expect(new Set(made.map(({ secret: own }) => own.toString('hex'))).size).toBe(6)
        expect(new Set(made.map(({ digest }) => digest)).size).toBe(6)
      }),
    )
  })

  test('under a root that is not at hand there is none', () => {
    expect(() => successorOf(keys, first, salt, two.id)).toThrow(/no root/)
  })
})

describe('its place', () => {
  const kept = { generation: 5, digest: 'five', previousDigest: 'four' } as Session
  const token = (generation: number, digest: string) => ({ ...first, generation, digest })

  test.each([
    ['the current one', 5, 'five', 'current'],
    ['the one before', 4, 'four', 'predecessor'],
    ['one of its generation that is another', 4, 'other', 'used'],
    ['the one before that', 3, 'three', 'used'],
    ['the first', 0, 'zero', 'used'],
    ['an old one under the digest of the one before', 3, 'four', 'used'],
    ['an old one under the digest of the current one', 4, 'five', 'used'],
    ['one of the current generation that is another', 5, 'other', 'ahead'],
    ['the next', 6, 'six', 'ahead'],
    ['far ahead', 4_294_967_295, 'far', 'ahead'],
  ])('%s', (_, generation, digest, place) => {
    expect(placed(kept, token(generation, digest))).toBe(place)
  })

  test('a session without refresh tokens knows none', () => {
    const none = { generation: 0, digest: null, previousDigest: null } as Session
    expect(placed(none, token(0, 'zero'))).toBe('ahead')
  })
})
