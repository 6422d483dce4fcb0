import { describe, expect, test } from 'vitest'
import type { Instance, Session, Ticket, User } from './facts.ts'
import { deriveKeys, rootOf } from './keys.ts'
import { issueTicket, redeem, ticketId, ticketIds } from './ticket.ts'
import { second } from './time.ts'

const noon = 1_800_000_000_000
const lifetime = 15 * second
const ours = 'https://app.example'
const [root, newer] = [1, 2].map((fill) => rootOf(Buffer.alloc(32, fill)))
if (!root || !newer) throw new Error('two roots')
const keys = deriveKeys({ active: root, verify: [] }, 'an instance')
const moved = deriveKeys({ active: newer, verify: [root] }, 'an instance')
const text = Buffer.alloc(32, 7).toString('base64url')

const ticketAt = (id: string, createdAt: number): Ticket => ({
  id,
  userId: 'ada',
  sessionId: 's1',
  origin: ours,
  purpose: 'socket',
  createdAt,
  expiresAt: createdAt + lifetime,
})

test('it is found under the root it was made under, and by nothing that is no ticket', () => {
  expect(ticketIds(moved, text)).toContain(ticketId(keys, text))
  expect(ticketIds(moved, text)).toHaveLength(2)
  expect(ticketId(keys, text)).not.toContain(text)
  for (const other of ['', text.slice(1), `${text}=`, ` ${text}`])
    expect(ticketIds(keys, other)).toEqual([])
})

describe('issuing', () => {
  const { createdAt: _, expiresAt: __, ...asked } = ticketAt('new', 0)
  const issue = (kept: readonly Ticket[], now = noon) => issueTicket(kept, asked, { lifetime }, now)
  const pending = (count: number) =>
    Array.from({ length: count }, (_, n) => ticketAt(`t${n}`, noon - n))

  test.each([
    [4, true],
    [5, false],
  ])('with %d pending: %s', (count, issued) => {
    const { verdict, keep = [] } = issue(pending(count))
    expect('expiresAt' in verdict).toBe(issued)
    expect(keep).toHaveLength(issued ? 1 : 0)
    if (!issued)
      expect(verdict).toMatchObject({ code: 'too_many_tickets', retryAfter: lifetime - 4 })
  })

  test('what has run out makes room, and goes', () => {
    const { verdict, keep = [] } = issue(pending(5), noon + lifetime)
    expect(verdict).toMatchObject({ id: 'new', expiresAt: noon + 2 * lifetime })
    expect(keep).toHaveLength(6)
  })
})

describe('redeeming', () => {
  const here = { epoch: 1 } as Instance
  const user = { id: 'ada', version: 1, endings: null, disabledAt: null, deletedAt: null } as User
  const session = {
    id: 's1',
    userId: 'ada',
    userVersion: 1,
    epoch: 1,
    endedAt: null,
    idleUntil: noon * 2,
    expiresAt: noon * 2,
  } as Session
  const shown = { ticket: ticketAt('t', noon), session, user, here }

  test.each([
    ['at once', {}, ours, 0, 'in', true],
    ['at the last moment', {}, ours, lifetime - 1, 'in', true],
    ['late', {}, ours, lifetime, 'not_authenticated', true],
    ['before it was issued', {}, ours, -1, 'not_authenticated', true],
    ['from another page', {}, 'https://other.example', 0, 'forbidden', false],
    ['a second time', { ticket: undefined }, ours, 0, 'not_authenticated', false],
    ['without its session', { session: undefined }, ours, 0, 'not_authenticated', false],
    [
      'for another session',
      { session: { ...session, id: 's2' } },
      ours,
      0,
      'not_authenticated',
      false,
    ],
    ['when it is over', { session: { ...session, endedAt: 1 } }, ours, 0, 'session_revoked', true],
    ['of another epoch', { here: { epoch: 2 } as Instance }, ours, 0, 'session_revoked', true],
    ['of another version', { user: { ...user, version: 2 } }, ours, 0, 'session_revoked', true],
  ])('%s', (_, other, origin, after, said, used) => {
    const {
      verdict,
      keep = [],
      record = [],
    } = redeem({ ...shown, ...other }, origin, '192.0.2.1', noon + after)
    expect(verdict.ok ? 'in' : verdict.code).toBe(said)
    expect(keep).toEqual(used ? [{ kind: 'tickets', forget: 't' }] : [])
    expect(record.map(({ type }) => type)).toEqual(said === 'forbidden' ? ['socket.refused'] : [])
  })
})
