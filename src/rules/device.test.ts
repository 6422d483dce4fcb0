import { createHmac, randomBytes } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deviceNamed, deviceToken, forgetDevices, isTrusted, trust } from './device.ts'
import type { Device } from './facts.ts'
import { deriveKeys, rootOf } from './keys.ts'
import { day } from './time.ts'

const id = () => randomBytes(16).toString('base64url')
const root = rootOf(Buffer.alloc(32, 1))
const older = rootOf(Buffer.alloc(32, 2))
const keys = deriveKeys({ active: root, verify: [] }, 'instance')
const ada = id()

const device = (more: Partial<Device> = {}): Device => ({
  id: id(),
  userId: ada,
  userAgent: 'test',
  createdAt: 0,
  lastUsedAt: 0,
  expiresAt: 180 * day,
  ...more,
})

describe('the cookie', () => {
  const one = device()
  const token = deviceToken(keys, one)

  test('is version, key id, device, user and a MAC over them, in 74 characters', () => {
    expect(token).toMatch(/^[\w-]{74}$/)
    const bytes = Buffer.from(token, 'base64url')
    expect([bytes[0], bytes.subarray(1, 7).toString('base64url')]).toEqual([1, root.id])
    expect(bytes.subarray(7, 23).toString('base64url')).toBe(one.id)
    expect(bytes.subarray(23, 39).toString('base64url')).toBe(ada)
    const mac = createHmac('sha256', keys.active('device').key).update(bytes.subarray(0, 39))
    expect(bytes.subarray(39)).toEqual(mac.digest().subarray(0, 16))
  })

  test('names its device for its person alone', () => {
    expect(deviceNamed(keys, token, ada)).toBe(one.id)
    expect(deviceNamed(keys, token, id())).toBeUndefined()
  })

  test('of another installation, or of a root that is gone, names nothing', () => {
    const elsewhere = deriveKeys({ active: root, verify: [] }, 'elsewhere')
    expect(deviceNamed(elsewhere, token, ada)).toBeUndefined()
    const renewed = deriveKeys({ active: older, verify: [root] }, 'instance')
    expect(deviceNamed(renewed, token, ada)).toBe(one.id)
    const gone = deriveKeys({ active: older, verify: [] }, 'instance')
    expect(deviceNamed(gone, token, ada)).toBeUndefined()
  })

  test.each([undefined, '', 'stays', 'A'.repeat(74), token.slice(1), `${token}A`, ` ${token}`])(
    'is not %s',
    (text) => {
      expect(deviceNamed(keys, text, ada)).toBeUndefined()
    },
  )

  test('changed in any bit is nothing', () => {
    const bytes = Buffer.from(token, 'base64url')
    for (let bit = 0; bit < bytes.length * 8; bit++) {
      const forged = Buffer.from(bytes)
      forged[bit >> 3] = (forged[bit >> 3] ?? 0) ^ (1 << (bit & 7))
      expect(deviceNamed(keys, forged.toString('base64url'), ada)).toBeUndefined()
    }
    // The last character has bits to spare: only one spelling counts.
    const spellings = [...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_']
    const named = spellings.filter((last) => deviceNamed(keys, token.slice(0, -1) + last, ada))
    expect(named).toEqual([token.at(-1)])
  })

  test('property: nothing a stranger sends throws or names anything', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
        expect(deviceNamed(keys, text, ada)).toBeUndefined()
      }),
    )
  })
})

test('A device is trusted for its person until its time is over', () => {
  const one = device()
  expect(isTrusted(one, ada, 180 * day - 1)).toBe(true)
  expect(isTrusted(one, ada, 180 * day)).toBe(false)
  expect(isTrusted(one, id(), 0)).toBe(false)
  expect(isTrusted(undefined, ada, 0)).toBe(false)
})

describe('trusting', () => {
  const fresh = id()
  const given = { came: undefined, id: fresh, userId: ada, userAgent: 'x'.repeat(600) }

  test('a browser not met before makes a device for 180 days', () => {
    const { device, changes } = trust([], given, day)
    expect(device).toEqual({
      id: fresh,
      userId: ada,
      userAgent: 'x'.repeat(512),
      createdAt: day,
      lastUsedAt: day,
      expiresAt: 181 * day,
    })
    expect(changes).toEqual([{ kind: 'devices', keep: device }])
  })

  test('the device it came with is renewed', () => {
    const one = device()
    const { device: next } = trust([device(), one], { ...given, came: one.id }, 100 * day)
    expect(next).toMatchObject({
      id: one.id,
      createdAt: 0,
      lastUsedAt: 100 * day,
      expiresAt: 280 * day,
    })
  })

  test('one whose time is over, or that is forgotten, is not: it goes, and another one comes', () => {
    const one = device()
    const { device: next, changes } = trust([one], { ...given, came: one.id }, 200 * day)
    expect(next.id).toBe(fresh)
    expect(changes).toEqual([
      { kind: 'devices', forget: one.id },
      { kind: 'devices', keep: next },
    ])
    expect(trust([], { ...given, came: one.id }, 0).device.id).toBe(fresh)
  })

  test('the twenty used last stay', () => {
    const all = Array.from({ length: 25 }, (_, n) => device({ lastUsedAt: n }))
    const { changes } = trust(all, given, 25)
    const gone = changes.flatMap((change) => ('forget' in change ? [change.forget] : []))
    expect(new Set(gone)).toEqual(new Set(all.slice(0, 6).map((one) => one.id)))
  })

  test('is over for all that are forgotten', () => {
    const all = [device(), device()]
    expect(forgetDevices(all)).toEqual(all.map(({ id }) => ({ kind: 'devices', forget: id })))
  })
})
