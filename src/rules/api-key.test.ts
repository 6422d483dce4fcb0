import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { builtIn } from './access.ts'
import {
  digestOf,
  expiryFault,
  keyMay,
  keyPermissions,
  keyStanding,
  keyText,
  newKey,
  proofOf,
  readKey,
  rotatedKey,
  usedKey,
} from './api-key.ts'
import type { ApiKey, User } from './facts.ts'
import { deriveKeys, rootOf } from './keys.ts'
import { day, hour, minute } from './time.ts'

const noon = 1_800_000_000_000
const roots = [1, 2].map((fill) => rootOf(Buffer.alloc(32, fill)))
const [root, newer] = roots
if (!root || !newer) throw new Error('two roots')
const keys = deriveKeys({ active: root, verify: [] }, 'an instance')
const moved = deriveKeys({ active: newer, verify: [root] }, 'an instance')
const strange = deriveKeys({ active: newer, verify: [] }, 'an instance')

const id = 'K'.repeat(22)
const [first, second, third] = [1, 2, 3].map((fill) => keyText(id, Buffer.alloc(32, fill)))
if (!first || !second || !third) throw new Error('three texts')
const made = (text: string, now = noon) =>
  newKey(
    keys,
    { id, userId: 'ada', name: 'ci', scopes: ['users:read'], expiresAt: noon + 30 * day, text },
    now,
  )
const shown = (text: string) => {
  const read = readKey(text)
  if (!read) throw new Error('no key')
  return read
}
const owner = { id: 'ada', role: 'owner', scopes: '[]', disabledAt: null, deletedAt: null } as User

describe('The form of a key', () => {
  test('known answer', () => {
    // The checksum: printf %s sp_…_… | openssl dgst -sha256 -binary | basenc --base64url | cut -c-6
    expect(first).toBe(`sp_${id}_AQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQEBAQE_FCdUEM`)
  })

  test('what is written is read', () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ minLength: 16, maxLength: 16 }),
        fc.uint8Array({ minLength: 32, maxLength: 32 }),
        (name, secret) => {
          const own = Buffer.from(name).toString('base64url')
          const text = keyText(own, Buffer.from(secret))
          expect(readKey(text)).toMatchObject({ id: own, text })
        },
      ),
    )
  })

  test('one character more, less or other is no key; nothing throws', () => {
    for (let at = 0; at < first.length; at++) {
      const other = first[at] === 'x' ? 'y' : 'x'
      expect(readKey(first.slice(0, at) + other + first.slice(at + 1))).toBeUndefined()
      expect(readKey(first.slice(0, at) + first.slice(at + 1))).toBeUndefined()
    }
    for (const text of [
      `${first} `,
      ` ${first}`,
      `${first}=`,
      first.toUpperCase(),
      `${first}\n`,
      '',
    ])
      expect(readKey(text)).toBeUndefined()
    fc.assert(fc.property(fc.string(), (text) => void readKey(text)))
  })
})

describe('Whether it is the key', () => {
  const proves = (key: ApiKey, text: string, now = noon, with_ = keys) => {
    const said = proofOf(with_, key, shown(text), now)
    return said.ok ? said.proof : said.code
  }

  test('its own secret, and no other, also of the same id', () => {
    const key = made(first)
    expect(proves(key, first)).toBe('current')
    expect(proves(key, second)).toBe('not_authenticated')
    expect(JSON.stringify(key)).not.toContain(first.slice(26, 69))
  })

  test('what was found right once is asked of the row each time', () => {
    const [key, other] = [made(first), made(second)]
    expect([proves(key, first), proves(key, first)]).toEqual(['current', 'current'])
    expect([proves(other, first), proves({ ...key, digest: other.digest }, first)]).toEqual([
      'not_authenticated',
      'not_authenticated',
    ])
    expect(proves(key, first, noon, strange)).toBe('unavailable')
  })

  test.each([
    [hour, hour - 1, 'earlier', 'current'],
    [hour, hour, 'not_authenticated', 'current'],
    [0, 0, 'not_authenticated', 'current'],
  ])(
    'rotated with an overlap of %d, after %d: the earlier is %s, the new %s',
    (overlap, after, was, is) => {
      const key = rotatedKey(keys, made(first), second, overlap, noon)
      expect([proves(key, first, noon + after), proves(key, second, noon + after)]).toEqual([
        was,
        is,
      ])
    },
  )

  test('rotated twice, the first is over, whatever the overlap', () => {
    const once = rotatedKey(keys, made(first), second, day, noon)
    const twice = rotatedKey(keys, once, third, day, noon)
    expect([first, second, third].map((text) => proves(twice, text))).toEqual([
      'not_authenticated',
      'earlier',
      'current',
    ])
  })

  test('no overlap outlives the key', () => {
    const key = { ...made(first), expiresAt: noon + hour }
    expect(rotatedKey(keys, key, second, day, noon).rotatesAt).toBe(noon + hour)
  })

  test('under a new root secret it goes on, and is kept under that once used', () => {
    const key = { ...made(first), lastUsedAt: noon }
    expect(proves(key, first, noon, moved)).toBe('current')
    expect(proves(key, first, noon, strange)).toBe('unavailable')
    expect(usedKey(keys, key, shown(first), 'current', noon)).toBeUndefined()
    const next = usedKey(moved, key, shown(first), 'current', noon)
    expect(next?.digest).toBe(digestOf(moved, first))
    expect(next && proves(next, first, noon, strange)).toBe('current')
    // The earlier secret cannot tell what the current one is.
    expect(usedKey(moved, key, shown(second), 'earlier', noon)).toBeUndefined()
  })
})

test.each([
  [null, 0, true],
  [noon, minute - 1, false],
  [noon, minute, true],
])('used at %s, after %d more: written %s', (lastUsedAt, after, written) => {
  const next = usedKey(keys, { ...made(first), lastUsedAt }, shown(first), 'current', noon + after)
  expect(next?.lastUsedAt).toBe(written ? noon + after : undefined)
})

test.each([
  ['stands', {}, {}, 30 * day - 1, undefined],
  ['expires at the very instant', {}, {}, 30 * day, 'expired'],
  ['of somebody disabled', {}, { disabledAt: noon }, 0, 'owner'],
  ['of somebody deleted', {}, { deletedAt: noon }, 0, 'owner'],
  ['of somebody else', { userId: 'bob' }, {}, 0, 'unknown'],
])('a key %s', (_, key, user, after, why) => {
  const said = keyStanding({ ...made(first), ...key }, { ...owner, ...user }, noon + after)
  expect(said?.why).toBe(why)
  expect(said?.code).toBe(why && 'not_authenticated')
})

test('no key and no owner stand for nobody', () => {
  expect(keyStanding(undefined, owner, noon)?.code).toBe('not_authenticated')
  expect(keyStanding(made(first), undefined, noon)?.code).toBe('not_authenticated')
})

test.each([
  ['owner', ['users:read'], 'users:read', true],
  ['owner', ['users:read'], 'users:write', false],
  ['owner', [], 'users:read', false],
  ['member', ['users:read'], 'users:read', false],
  ['nothing known', ['users:read'], 'users:read', false],
])('a key of a %s with %j may %s: %s', (role, scopes, permission, may) => {
  const key = { scopes: JSON.stringify(scopes) }
  expect(keyMay(builtIn, key, { ...owner, role }, permission)).toBe(may)
  expect(keyPermissions(builtIn, key, { ...owner, role }).includes(permission)).toBe(may)
})

test.each([
  [0, false],
  [1, true],
  [365 * day, true],
  [365 * day + minute, true],
  [365 * day + minute + 1, false],
  [Number.NaN, false],
])('to expire in %d ms: %s', (after, allowed) => {
  expect(expiryFault(noon + after, noon) === undefined).toBe(allowed)
})

test('none lives longer than a year, whatever clock asked for it', () => {
  const asked = { id, userId: 'ada', name: 'ci', scopes: [], text: first }
  const key = newKey(keys, { ...asked, expiresAt: noon + 365 * day + minute }, noon)
  expect(key.expiresAt).toBe(noon + 365 * day)
})

test('scopes are kept once each, in one order', () => {
  const asked = { id, userId: 'ada', name: 'ci', expiresAt: noon + day, text: first }
  const key = newKey(keys, { ...asked, scopes: ['users:read', 'audit:read', 'users:read'] }, noon)
  expect(key.scopes).toBe('["audit:read","users:read"]')
  expect(key.lastFour).toBe(first.slice(-4))
})
