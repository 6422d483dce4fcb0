/** Audit: a chain shows whatever was done to it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type AuditEvent,
  type AuditRow,
  type AuditType,
  auditEvents,
  type ChainHead,
  event,
  macOf,
  pseudonymOf,
  seal,
} from './audit.ts'
import { deriveKeys, rootOf } from './keys.ts'

const key = Buffer.alloc(32, 7)
const start: ChainHead = { chain: 'node-a', seq: 0, mac: '' }

test('a known answer: the MAC of these fourteen fields, in this order', () => {
  const ada = { actor: 'user:ada', subject: 'user:ada', session: 's1', address: '192.0.2.1' }
  const row = { ...event('auth.signed_in', 'success', ada), id: 'row-1', chain: 'node-a' }
  // Computed with Python's hmac, key 32 bytes of 0x07, over
  // ["prev","node-a",1,"row-1",1800000000000,"auth.signed_in","user:ada","user:ada","s1","192.0.2.1",
  //  null,"success",null,null] without the line break.
  expect(macOf(key, 'prev', { ...row, seq: 1, at: 1_800_000_000_000 })).toBe(
    'VvSjSbePWKREkbrRmlgc1baaOJoVe4f6NvXp1WbFjlc',
  )
})

test('an event says nobody and nothing where nothing is said', () => {
  expect(event('csrf.rejected', 'refused')).toEqual({
    type: 'csrf.rejected',
    outcome: 'refused',
    actor: 'anonymous',
    subject: null,
    session: null,
    address: null,
    device: null,
    reason: null,
    details: null,
  })
  expect(event('csrf.rejected', 'refused', { reason: 'origin' }).reason).toBe('origin')
})

test('every event is named by what happened to what, and explained in one sentence', () => {
  for (const [name, sentence] of Object.entries(auditEvents)) {
    expect.soft(name).toMatch(/^[a-z]+\.[a-z]+(?:_[a-z]+)*$/)
    expect.soft(sentence).toMatch(/^[A-Z][^.]*\.$/)
  }
})

test('rows are numbered on from the end of the chain, and each seals over the one before', () => {
  const head: ChainHead = { chain: 'node-a', seq: 41, mac: 'before' }
  const events = [event('auth.signed_in', 'success'), event('auth.signed_out', 'success')]
  const sealed = seal(key, head, events, ['x', 'y'], 5)
  const [first, second] = sealed.rows
  expect(sealed.rows).toMatchObject([
    { chain: 'node-a', seq: 42, id: 'x', at: 5, type: 'auth.signed_in' },
    { chain: 'node-a', seq: 43, id: 'y', at: 5, type: 'auth.signed_out' },
  ])
  expect(first?.mac).toBe(first && macOf(key, 'before', first))
  expect(second?.mac).toBe(second && macOf(key, first?.mac ?? '', second))
  expect(sealed.head).toEqual({ chain: 'node-a', seq: 43, mac: second?.mac })
})

test('nothing to record leaves the end where it was', () => {
  expect(seal(key, start, [], [], 5)).toEqual({ rows: [], head: start })
})

/** The place of the first row that does not follow from what is before it; the end counts as one. */
function firstBad(rows: readonly AuditRow[], head: ChainHead, by = key): number | undefined {
  let end = start
  for (const [place, row] of rows.entries()) {
    const follows = row.chain === end.chain && row.seq === end.seq + 1
    if (!follows || row.mac !== macOf(by, end.mac, row)) return place
    end = row
  }
  return end.seq === head.seq && end.mac === head.mac ? undefined : rows.length
}

const orNull = (some: fc.Arbitrary<string>) => fc.option(some)
const anyEvent: fc.Arbitrary<AuditEvent> = fc.record({
  type: fc.constantFrom(...(Object.keys(auditEvents) as AuditType[])),
  actor: fc.string(),
  subject: orNull(fc.string()),
  session: orNull(fc.string()),
  address: orNull(fc.string()),
  device: orNull(fc.string()),
  outcome: fc.constantFrom('success' as const, 'refused' as const),
  reason: orNull(fc.string({ unit: 'binary' })),
  details: orNull(fc.json()),
})
const anyEvents = fc.array(anyEvent, { minLength: 1, maxLength: 8 })
const sealed = (events: readonly AuditEvent[], by = key) =>
  seal(
    by,
    start,
    events,
    events.map((_, place) => `row-${place}`),
    1_800_000_000_000,
  )
/** A place from anywhere in a list. */
const within = (list: readonly unknown[], anywhere: number) => anywhere % list.length

describe('LOG-05: property: a chain', () => {
  test('that nobody touched verifies to its end', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const { rows, head } = sealed(events)
        expect(firstBad(rows, head)).toBeUndefined()
      }),
    )
  })

  test('written in two parts is the chain written at once', () => {
    fc.assert(
      fc.property(anyEvents, fc.nat(), (events, anywhere) => {
        const cut = within(events, anywhere)
        const ids = events.map((_, place) => `${place}`)
        const first = seal(key, start, events.slice(0, cut), ids.slice(0, cut), 5)
        const second = seal(key, first.head, events.slice(cut), ids.slice(cut), 5)
        expect({ rows: [...first.rows, ...second.rows], head: second.head }).toEqual(
          seal(key, start, events, ids, 5),
        )
      }),
    )
  })

  const fields: (keyof AuditRow)[] = [
    'id',
    'chain',
    'seq',
    'at',
    'type',
    'actor',
    'subject',
    'session',
    'address',
    'device',
    'outcome',
    'reason',
    'details',
    'mac',
  ]
  test.each(fields)('shows the row whose %s was changed', (field) => {
    const value = fc.oneof(fc.string(), fc.constant(null), fc.integer(), fc.constant(undefined))
    fc.assert(
      fc.property(anyEvents, fc.nat(), value, (events, anywhere, instead) => {
        const { rows, head } = sealed(events)
        const place = within(rows, anywhere)
        const row = rows[place] as AuditRow
        // JSON has no `undefined`, and neither has a database: it is null there.
        fc.pre((instead ?? null) !== row[field])
        const bent = rows.with(place, { ...row, [field]: instead } as AuditRow)
        expect(firstBad(bent, head)).toBe(place)
      }),
    )
  })

  test('shows where a value moved from one field to the next', () => {
    const { rows, head } = sealed([
      event('auth.refused', 'refused', { subject: 'a', session: 'b' }),
    ])
    const moved = rows.map((row) => ({ ...row, subject: 'b', session: 'a' }))
    const shifted = rows.map((row) => ({ ...row, subject: null, session: 'a', address: 'b' }))
    expect(firstBad(moved, head)).toBe(0)
    expect(firstBad(shifted, head)).toBe(0)
  })

  test('shows where a row was taken out, at its end too', () => {
    fc.assert(
      fc.property(anyEvents, fc.nat(), (events, anywhere) => {
        const { rows, head } = sealed(events)
        const place = within(rows, anywhere)
        expect(firstBad(rows.toSpliced(place, 1), head)).toBe(place)
      }),
    )
  })

  test('shows where a row was taken out and the rest numbered anew', () => {
    fc.assert(
      fc.property(anyEvents, fc.nat(), (events, anywhere) => {
        const { rows, head } = sealed(events)
        const place = within(rows, anywhere)
        const closed = rows.toSpliced(place, 1).map((row, at) => ({ ...row, seq: at + 1 }))
        expect(firstBad(closed, head)).toBe(place)
      }),
    )
  })

  test('shows where two rows changed places', () => {
    fc.assert(
      fc.property(anyEvents, fc.nat(), fc.nat(), (events, one, other) => {
        const { rows, head } = sealed(events)
        const [low = 0, high = 0] = [within(rows, one), within(rows, other)].sort((a, b) => a - b)
        fc.pre(low !== high)
        const [a, b] = [rows[low] as AuditRow, rows[high] as AuditRow]
        expect(firstBad(rows.with(low, b).with(high, a), head)).toBe(low)
        const renumbered = rows.with(low, { ...b, seq: a.seq }).with(high, { ...a, seq: b.seq })
        expect(firstBad(renumbered, head)).toBe(low)
      }),
    )
  })

  test('shows where a row was put in, even one that another key sealed in its place', () => {
    fc.assert(
      fc.property(anyEvents, anyEvent, fc.nat(), (events, forged, anywhere) => {
        const { rows, head } = sealed(events)
        const place = anywhere % (rows.length + 1)
        const before = rows[place - 1] ?? start
        const put = seal(Buffer.alloc(32, 8), before, [forged], ['forged'], 5).rows
        expect(firstBad(rows.toSpliced(place, 0, ...put), head)).toBe(place)
      }),
    )
  })

  test('cannot be written again without the key', () => {
    fc.assert(
      fc.property(anyEvents, (events) => {
        const forged = sealed(events, Buffer.alloc(32, 8))
        expect(firstBad(forged.rows, forged.head)).toBe(0)
      }),
    )
  })

  test('of another writer fits nowhere', () => {
    const other = seal(
      key,
      { ...start, chain: 'node-b' },
      [event('auth.refused', 'refused')],
      ['x'],
      5,
    )
    expect(firstBad(other.rows, other.head)).toBe(0)
    const renamed = other.rows.map((row) => ({ ...row, chain: 'node-a' }))
    expect(firstBad(renamed, other.head)).toBe(0)
  })
})

describe('the pseudonym of a name that is nobody’s', () => {
  const instanceId = 'aW5zdGFuY2UtMDEyMzQ1Ng'
  const keys = deriveKeys({ active: rootOf(Buffer.alloc(32, 1)), verify: [] }, instanceId)

  test('a known answer', () => {
    // Computed with Python's hmac: the first 22 characters over `ada`, under the key that HKDF makes
    // of 32 bytes of 0x01.
    expect(keys.active('pseudonym').key.toString('hex')).toBe(
      '76211641481feca665b4c8a20940300c837266fdd5f9becadd9eda7007bd3536',
    )
    expect(pseudonymOf(keys, 'ada')).toBe('UXMvO82wKH92Vy1bc_3-YL')
  })

  test('property: 22 characters, the same for one name and another for another', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, other) => {
        fc.pre(name !== other)
        expect(pseudonymOf(keys, name)).toMatch(/^[\w-]{22}$/)
        expect(pseudonymOf(keys, name)).toBe(pseudonymOf(keys, name))
        expect(pseudonymOf(keys, name)).not.toBe(pseudonymOf(keys, other))
      }),
    )
  })

  test('two instances with one secret do not know each other’s', () => {
    const other = deriveKeys({ active: rootOf(Buffer.alloc(32, 1)), verify: [] }, 'other')
    expect(pseudonymOf(other, 'ada')).not.toBe(pseudonymOf(keys, 'ada'))
  })
})
