/** Cursors: each opens the one list, for the one person, at the one place it was made for. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { cursorAt, placeIn } from './cursor.ts'
import { deriveKeys, purposes, rootOf } from './keys.ts'

const instanceId = 'aW5zdGFuY2UtMDEyMzQ1Ng'
const one = rootOf(Buffer.alloc(32, 1))
const two = rootOf(Buffer.alloc(32, 2))
const keys = deriveKeys({ active: one, verify: [two] }, instanceId)

const ada = { list: 'sessions', for: 'dXNlci0wMTIzNDU2Nzg5YQ' }
const place = { createdAt: 1_800_000_000_000, id: 'c2Vzc2lvbi0wMTIzNDU2Nw' }
/**
 * Computed with Python's hmac: the first 16 bytes over
 * `["sessions","dXNlci0wMTIzNDU2Nzg5YQ","mywpiww0~c2Vzc2lvbi0wMTIzNDU2Nw"]`, under the key that HKDF
 * makes of 32 bytes of 0x01.
 */
const cursor = 'mywpiww0~c2Vzc2lvbi0wMTIzNDU2Nw~VH5Rlb2DG3kfGQ64Pm3g1w'

test('a known answer: this list, person, place and key make this cursor', () => {
  expect(keys.active('cursor').key.toString('hex')).toBe(
    '62f8aad71745975ef5d6d0629983ae5217dd633c2482d2c5f3adf0f2ef8321e4',
  )
  expect(cursorAt(keys, ada, place)).toBe(cursor)
  expect(placeIn(keys, ada, cursor)).toEqual(place)
})

test.each([
  ['another person', { ...ada, for: 'dXNlci05ODc2NTQzMjEwYg' }],
  ['nobody', { ...ada, for: '' }],
  ['another list', { ...ada, list: 'users' }],
  ['no list', { ...ada, list: '' }],
  ['list and person swapped', { list: ada.for, for: ada.list }],
  ['the border between them moved', { list: `${ada.list}","`, for: ada.for }],
  ['all in the list', { list: `${ada.list}","${ada.for}`, for: '' }],
])('%s cannot use it', (_, bound) => {
  expect(placeIn(keys, bound, cursor)).toBeUndefined()
})

const [at, id, mac] = cursor.split('~') as [string, string, string]

test.each([
  ['nothing', ''],
  ['separators only', '~~'],
  ['no MAC', `${at}~${id}`],
  ['an empty MAC', `${at}~${id}~`],
  ['no id', `${at}~~${mac}`],
  ['no instant', `~${id}~${mac}`],
  ['an instant later', `mywpiww1~${id}~${mac}`],
  ['the instant in capitals', `MYWPIWW0~${id}~${mac}`],
  ['the instant with a zero before it', `0${cursor}`],
  ['the instant with a space before it', ` ${cursor}`],
  ['the instant with more behind it', `${at}!~${id}~${mac}`],
  ['a fourth part', `${cursor}~x`],
  ['an empty fourth part', `${cursor}~`],
  ['padding', `${cursor}==`],
  ['a line break', `${cursor}\n`],
  ['half a MAC', cursor.slice(0, -11)],
  ['more MAC', `${cursor}AAAA`],
  ['a bit that decoding drops', `${cursor.slice(0, -1)}x`],
])('%s is no cursor', (_, text) => {
  expect(placeIn(keys, ada, text)).toBeUndefined()
})

test.each(purposes.filter((purpose) => purpose !== 'cursor'))(
  'one made with the %s key is none',
  (purpose) => {
    const mislaid = { ...keys, active: () => keys.active(purpose) }
    expect(placeIn(keys, ada, cursorAt(mislaid, ada, place))).toBeUndefined()
  },
)

test('it outlives a rotation, ends with the retirement, and stays in its instance', () => {
  const rotated = deriveKeys({ active: two, verify: [one] }, instanceId)
  const later = deriveKeys({ active: two, verify: [] }, instanceId)
  const elsewhere = deriveKeys({ active: one, verify: [two] }, 'YW5vdGhlci0xMjM0NTY3OA')
  expect(placeIn(rotated, ada, cursor)).toEqual(place)
  expect(placeIn(later, ada, cursor)).toBeUndefined()
  expect(placeIn(elsewhere, ada, cursor)).toBeUndefined()
})

const anyId = fc.stringMatching(/^[\w-]{1,40}$/)

test('property: every place comes back from its cursor', () => {
  fc.assert(
    fc.property(fc.maxSafeNat(), anyId, fc.string(), fc.string(), (createdAt, some, list, who) => {
      const bound = { list, for: who }
      expect(placeIn(keys, bound, cursorAt(keys, bound, { createdAt, id: some }))).toEqual({
        createdAt,
        id: some,
      })
    }),
  )
})

test('property: it serves no other list and no other person', () => {
  const bound = fc.record({ list: fc.string(), for: fc.string() })
  fc.assert(
    fc.property(bound, bound, (mine, other) => {
      fc.pre(mine.list !== other.list || mine.for !== other.for)
      expect(placeIn(keys, other, cursorAt(keys, mine, place))).toBeUndefined()
    }),
  )
})

test('property: any single changed character makes it none', () => {
  fc.assert(
    fc.property(fc.nat(cursor.length - 1), fc.string({ maxLength: 2 }), (where, instead) => {
      fc.pre(instead !== cursor[where])
      const bent = `${cursor.slice(0, where)}${instead}${cursor.slice(where + 1)}`
      expect(placeIn(keys, ada, bent)).toBeUndefined()
    }),
    { numRuns: 1000 },
  )
})

test('property: no text is taken for one, and none makes it throw', () => {
  const part = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(at, id, mac))
  const text = fc.array(part, { maxLength: 4 }).map((parts) => parts.join('~'))
  fc.assert(
    fc.property(text, (any) => {
      fc.pre(any !== cursor)
      expect(placeIn(keys, ada, any)).toBeUndefined()
    }),
  )
})
