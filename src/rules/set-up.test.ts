/** Set-up: one token, one claim, one first owner. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Instance } from './facts.ts'
import { deriveKeys, rootOf } from './keys.ts'
import { firstOwner, mayClaim, setupTokenOf } from './set-up.ts'

const instanceId = 'aW5zdGFuY2UtMDEyMzQ1Ng'
const one = rootOf(Buffer.alloc(32, 1))
const two = rootOf(Buffer.alloc(32, 2))
const keys = deriveKeys({ active: one, verify: [] }, instanceId)
/** Computed with Python's hmac, under the key that HKDF makes of 32 bytes of 0x01. */
const token = '-JmPNoEm5l9BhKrQ_WARf50FJlaVt0o6fVBvs4-iQRI'

const open: Instance = { id: 'instance', instanceId, epoch: 1, claimedAt: null, keyId: one.id }
const claimed: Instance = { ...open, claimedAt: 1_800_000_000_000 }

describe('the token', () => {
  test('a known answer: the MAC of the instance id', () => {
    expect(keys.active('setup').key.toString('hex')).toBe(
      '4d4d1ac39e00fca09bc9c435ef04d4227eb8fa7032896eaabc06579947532d55',
    )
    expect(setupTokenOf(keys, instanceId)).toBe(token)
  })

  test('is the same on every node and at every start', () => {
    const again = deriveKeys({ active: one, verify: [two] }, instanceId)
    expect(setupTokenOf(again, instanceId)).toBe(token)
  })

  test.each([
    ['another secret', deriveKeys({ active: two, verify: [one] }, instanceId), instanceId],
    ['another instance', deriveKeys({ active: one, verify: [] }, 'other'), 'other'],
    ['an instance that only borrowed the keys', keys, 'other'],
  ])('%s has another', (_, ring, id) => {
    expect(setupTokenOf(ring, id)).toMatch(/^[\w-]{43}$/)
    expect(setupTokenOf(ring, id)).not.toBe(token)
  })
})

describe('a claim', () => {
  test.each([
    ['an unclaimed instance, the token', open, token, undefined],
    ['an unclaimed instance, a wrong token', open, 'x'.repeat(43), 'forbidden'],
    ['an unclaimed instance, no token', open, '', 'forbidden'],
    ['a claimed instance, the token', claimed, token, 'already_set_up'],
    ['a claimed instance, a wrong token', claimed, 'x'.repeat(43), 'already_set_up'],
    ['an instance claimed at instant 0', { ...open, claimedAt: 0 }, token, 'already_set_up'],
    ['no instance, the token', undefined, token, 'already_set_up'],
    ['no instance, no token', undefined, '', 'already_set_up'],
  ])('%s', (_, instance, given, code) => {
    expect(mayClaim(instance, [token], given)?.code).toBe(code)
  })

  test.each([
    ['a space behind', `${token} `],
    ['a line break behind', `${token}\n`],
    ['a space before', ` ${token}`],
    ['padding', `${token}=`],
    ['capitals', token.toUpperCase()],
    ['its beginning', token.slice(0, 42)],
    ['its end', token.slice(1)],
    ['twice', token + token],
    ['the alphabet of base64', token.replaceAll('-', '+').replaceAll('_', '/')],
    ['a last character that decodes alike', `${token.slice(0, -1)}J`],
    ['a null byte behind', `${token}\0`],
    ['full-width letters', token.replace('J', '\uff2a')],
  ])('%s: forbidden, and nothing of the token is told', (_, given) => {
    expect(mayClaim(open, [token], given)).toEqual({
      ok: false,
      code: 'forbidden',
      why: 'setup token',
    })
  })

  test('a token of the operator’s own counts as it was given', () => {
    const own = 'Schlüssel für die erste Einrichtung 🗝️'
    expect(mayClaim(open, [own], own)).toBeUndefined()
    expect(mayClaim(open, [own], own.normalize('NFD'))?.code).toBe('forbidden')
    expect(mayClaim(open, [own], token)?.code).toBe('forbidden')
  })

  const text = fc.string({ unit: 'grapheme' })

  test('property: exactly the expected token claims', () => {
    fc.assert(
      fc.property(text, text, (expected, given) => {
        const code = expected === given ? undefined : 'forbidden'
        expect(mayClaim(open, [expected], given)?.code).toBe(code)
        expect(mayClaim(open, [expected], expected)).toBeUndefined()
      }),
    )
  })

  test('property: no token claims twice', () => {
    fc.assert(
      fc.property(text, text, fc.nat(), (expected, given, claimedAt) => {
        expect(mayClaim({ ...open, claimedAt }, [expected], given)?.code).toBe('already_set_up')
      }),
    )
  })
})

test('the first owner owns everything, is enabled, and need not change the password just chosen', () => {
  const who = { id: 'u1', username: 'ada', displayName: null, passwordHash: 'kid$argon2id$…' }
  expect(firstOwner(who, 1_800_000_000_000)).toEqual({
    id: 'u1',
    username: 'ada',
    displayName: null,
    passwordHash: 'kid$argon2id$…',
    role: 'owner',
    scopes: '[]',
    mustChangePassword: 0,
    version: 1,
    endings: null,
    proofsVoidUntil: 0,
    createdAt: 1_800_000_000_000,
    lastLoginAt: 1_800_000_000_000,
    disabledAt: null,
    temporaryUntil: null,
    deletedAt: null,
  })
})
