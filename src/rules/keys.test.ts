/** Keys: the standard's vectors, and that no two purposes, generations or instances share a key. */
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deriveKeys, hkdf, keyIdOf, purposes, rootOf } from './keys.ts'

const hex = (text: string) => Buffer.from(text, 'hex')
const one = rootOf(Buffer.alloc(32, 1))
const two = rootOf(Buffer.alloc(32, 2))

/** RFC 5869, appendix A, the three test cases with SHA-256. */
test.each([
  [
    'A.1',
    '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b',
    '000102030405060708090a0b0c',
    'f0f1f2f3f4f5f6f7f8f9',
    42,
    '3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf34007208d5b887185865',
  ],
  [
    'A.2',
    Buffer.from(Array.from({ length: 80 }, (_, i) => i)).toString('hex'),
    Buffer.from(Array.from({ length: 80 }, (_, i) => 0x60 + i)).toString('hex'),
    Buffer.from(Array.from({ length: 80 }, (_, i) => 0xb0 + i)).toString('hex'),
    82,
    'b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71cc30c58179ec3e87c14c01d5c1f3434f1d87',
  ],
  [
    'A.3',
    '0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b',
    '',
    '',
    42,
    '8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d9d201395faa4b61a96c8',
  ],
])('RFC 5869 %s', (_, secret, salt, info, length, out) => {
  expect(hkdf(hex(secret), hex(salt), hex(info), length).toString('hex')).toBe(out)
})

test('a leaked root knows passwords, API keys, names and records, a retired one records; neither anything else', () => {
  const [three, four] = [rootOf(Buffer.alloc(32, 3)), rootOf(Buffer.alloc(32, 4))]
  const keys = deriveKeys(
    { active: one, verify: [], passwordsOnly: [three], auditOnly: [four] },
    'i',
  )
  const whole = deriveKeys({ active: three, verify: [four] }, 'i')
  const known = (id: string) => purposes.filter((purpose) => keys.byId(purpose, id))
  expect([known(three.id), known(four.id)]).toEqual([
    ['pepper', 'audit', 'pseudonym', 'api-key'],
    ['audit'],
  ])
  expect(keys.byId('pepper', three.id)).toEqual(whole.byId('pepper', three.id))
  expect(keys.ids).toEqual([one.id])
  expect(keys.leaked.ids).toEqual([three.id])
  // Only to tell whoever comes with a session of it that it is over.
  expect(purposes.filter((purpose) => keys.leaked.byId(purpose, three.id))).toEqual(['access'])
  expect(() => deriveKeys({ active: one, verify: [], auditOnly: [one] }, 'i')).toThrow('twice')
})

describe('a ring', () => {
  const keys = deriveKeys({ active: one, verify: [two] }, 'instance')

  test('a key is HKDF over the root, salted with the instance, named by purpose and generation', () => {
    // HKDF written out by hand for one block: T(1) = HMAC(HMAC(salt, secret), info ‖ 1).
    const extracted = createHmac('sha256', 'instance').update(one.secret).digest()
    const expected = createHmac('sha256', extracted)
      .update(`sallyport/1/csrf/${one.id}\x01`)
      .digest()
    const { id, key, mac } = keys.active('csrf')
    expect({ id, key, mac: mac.export() }).toEqual({ id: one.id, key: expected, mac: expected })
  })

  test('every purpose and generation has a key of its own, 32 bytes', () => {
    const other = deriveKeys({ active: one, verify: [] }, 'another instance')
    const all = purposes.flatMap((purpose) => [
      keys.byId(purpose, one.id),
      keys.byId(purpose, two.id),
      other.byId(purpose, one.id),
    ])
    expect(all.every((key) => key?.length === 32)).toBe(true)
    expect(new Set(all.map((key) => key?.toString('hex'))).size).toBe(3 * purposes.length)
  })

  test('the same key again, from either side, and none for a root that is not there', () => {
    expect(keys.byId('access', one.id)).toBe(keys.active('access').key)
    expect(keys.ids).toEqual([one.id, two.id])
    for (const id of ['', 'unknown!', '__proto__', `${one.id}/`, `access/${one.id}`]) {
      expect(keys.byId('access', id)).toBeUndefined()
    }
  })

  test('after a rotation the older root still checks what it made', () => {
    const before = deriveKeys({ active: two, verify: [] }, 'instance')
    expect(keys.byId('access', two.id)).toEqual(before.active('access').key)
  })

  test('what stood before the active root is at hand, newest first, but nothing of a retired one', () => {
    const [three, four] = [rootOf(Buffer.alloc(32, 3)), rootOf(Buffer.alloc(32, 4))]
    const rotated = deriveKeys(
      { active: one, verify: [two], passwordsOnly: [three], auditOnly: [four] },
      'instance',
    )
    const of = (purpose: 'pseudonym' | 'access', ids: string[]) =>
      ids.map((id) => rotated.byId(purpose, id))
    expect(rotated.older('pseudonym')).toEqual(of('pseudonym', [two.id, three.id]))
    expect(rotated.older('access')).toEqual(of('access', [two.id]))
    expect(keys.older('csrf')).toEqual([keys.byId('csrf', two.id)])
  })

  test('one secret twice is a fault', () => {
    expect(() => deriveKeys({ active: one, verify: [two, one] }, 'i')).toThrow('in the ring twice')
  })
})

test('property: a key id is 8 characters of base64url, the same for the same secret', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 64 }), (bytes) => {
      const id = keyIdOf(Buffer.from(bytes))
      expect(id).toMatch(/^[\w-]{8}$/)
      expect(keyIdOf(Buffer.from(bytes))).toBe(id)
    }),
  )
})
