/** A connection stands while somebody is signed in, comes back by itself, and stays away when told. */

import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { type Connection, type ConnectionState, keepConnection } from './connection.ts'
import { ProblemError, UnreachableError } from './errors.ts'
import type { SessionState } from './session.ts'
import { watchable } from './watchable.ts'

const signedIn = (id: string) => ({ status: 'authenticated', session: { id } }) as SessionState
const signedOut: SessionState = { status: 'unauthenticated', reason: 'revoked' }
const problem = (status: number, retryAfter?: number) =>
  new ProblemError({ title: '', code: 'x', status, retryAfter } as ProblemError['problem'])

type Outcome = 'refused' | 'ended' | undefined

/** One connecting: settled by the test. */
interface Attempt {
  readonly at: number
  readonly signal: AbortSignal
  readonly open: () => void
  readonly end: (outcome?: Outcome) => void
  readonly fail: (error: unknown) => void
}

let attempts: Attempt[]
let session: ReturnType<typeof watchable<SessionState>>
let connection: Connection<ConnectionState, object>
let begun: number
const check = vi.fn(async () => {})

beforeEach(() => {
  vi.useFakeTimers()
  // The longest pause there is: nothing is taken off it.
  vi.spyOn(Math, 'random').mockReturnValue(0)
  attempts = []
  begun = Date.now()
  session = watchable<SessionState>({ status: 'unknown' })
  check.mockReset()
  connection = keepConnection({
    session,
    check,
    connect: (open, signal) =>
      new Promise((end, fail) => {
        attempts.push({ at: Date.now() - begun, signal, open, end, fail })
      }),
  })
})

afterEach(() => {
  connection.close()
  vi.useRealTimers()
  vi.restoreAllMocks()
})

const status = () => connection.state.get().status
const pass = (milliseconds: number) => vi.advanceTimersByTimeAsync(milliseconds)
const last = () => attempts.at(-1) as Attempt

async function opened() {
  session.set(signedIn('one'))
  const leave = connection.listen({})
  last().open()
  await pass(0)
  return leave
}

test('nothing is made while nobody is signed in, or nobody listens', async () => {
  connection.listen({})
  session.set(signedOut)
  expect([status(), attempts.length]).toEqual(['idle', 0])
  session.set(signedIn('one'))
  expect([status(), attempts.length]).toEqual(['connecting', 1])
})

test('one for all who listen; the last to leave closes it', async () => {
  const leave = await opened()
  const leaveToo = connection.listen({})
  leave()
  leave()
  expect([status(), attempts.length, last().signal.aborted]).toEqual(['open', 1, false])
  leaveToo()
  expect([status(), last().signal.aborted]).toEqual(['idle', true])
})

test('it is closed the moment the session is known to be over, also while it is being made', async () => {
  await opened()
  session.set(signedOut)
  expect([status(), last().signal.aborted]).toEqual(['idle', true])
  session.set(signedIn('two'))
  expect([status(), attempts.length]).toEqual(['connecting', 2])
  session.set(signedOut)
  expect([status(), last().signal.aborted]).toEqual(['idle', true])
  last().open()
  last().end()
  await pass(120_000)
  expect([status(), attempts.length]).toEqual(['idle', 2])
})

test('another session gets a connection of its own', async () => {
  await opened()
  session.set(signedIn('two'))
  expect(attempts.map(({ signal }) => signal.aborted)).toEqual([true, false])
})

test('what changes in the session and not whose it is changes nothing', async () => {
  await opened()
  session.set({ ...signedIn('one') })
  expect([status(), attempts.length]).toEqual(['open', 1])
})

test('it comes back after 1, 2, 4 … 30 s, and is given up after twenty attempts', async () => {
  session.set(signedIn('one'))
  connection.listen({})
  for (let n = 1; n < 20; n++) {
    last().fail(new UnreachableError('network'))
    await pass(0)
    expect(status()).toBe('waiting')
    await pass(30_000)
  }
  // The pauses as they were asked for: what is left of the 30 s passed with the next one open.
  last().fail(new UnreachableError('network'))
  await pass(600_000)
  expect([status(), attempts.length]).toEqual(['exhausted', 20])
  connection.retry()
  expect([status(), attempts.length]).toEqual(['connecting', 21])
})

test.each([
  [1, 1],
  [2, 2],
  [3, 4],
  [5, 16],
  [6, 30],
  [9, 30],
])('the pause after %i failures is %i s', async (failures, seconds) => {
  session.set(signedIn('one'))
  connection.listen({})
  for (let n = 0; n < failures; n++) {
    await pass((connection.state.get().retryAt ?? Date.now()) - Date.now())
    last().fail(new UnreachableError('network'))
    await pass(0)
  }
  expect(connection.state.get()).toEqual({
    status: 'waiting',
    retryAt: Date.now() + seconds * 1000,
  })
})

test('with chance a fifth sooner, so that not all come at once', async () => {
  vi.mocked(Math.random).mockReturnValue(0.999999)
  session.set(signedIn('one'))
  connection.listen({})
  last().end()
  await pass(0)
  expect((connection.state.get().retryAt ?? 0) - Date.now()).toBeCloseTo(800, 0)
})

test('no sooner than the server said', async () => {
  session.set(signedIn('one'))
  connection.listen({})
  last().fail(problem(429, 17))
  await pass(0)
  expect(connection.state.get().retryAt).toBe(Date.now() + 17_000)
})

test('one that stood a while begins with a short pause again; one that broke at once does not', async () => {
  await opened()
  await pass(3_000)
  last().end()
  await pass(1_000)
  last().open()
  await pass(3_000)
  last().end()
  await pass(0)
  expect((connection.state.get().retryAt ?? 0) - Date.now()).toBe(2_000)
  await pass(2_000)
  last().open()
  await pass(11_000)
  last().end()
  await pass(0)
  expect((connection.state.get().retryAt ?? 0) - Date.now()).toBe(1_000)
})

test.each([
  ['closed so', () => last().end('refused')],
  ['answered so', () => last().fail(problem(403))],
])('told to stay away (%s) it does, for this session', async (_, refuse) => {
  await opened()
  refuse()
  await pass(600_000)
  expect([status(), attempts.length]).toEqual(['refused', 1])
  session.set(signedIn('two'))
  expect(attempts).toHaveLength(2)
})

test('ended with its session it has the server asked, and does not come back to one that is over', async () => {
  await opened()
  check.mockImplementation(async () => session.set(signedOut))
  last().end('ended')
  await pass(600_000)
  expect(check).toHaveBeenCalledTimes(1)
  expect([status(), attempts.length]).toEqual(['idle', 1])
})

test('ended with a session that stands all the same it comes back, in its own time', async () => {
  await opened()
  last().end('ended')
  await pass(0)
  expect([status(), attempts.length]).toEqual(['waiting', 1])
  await pass(1_000)
  expect(attempts).toHaveLength(2)
})

test('once the server answers again it is not waited for', async () => {
  await opened()
  last().end()
  await pass(0)
  session.set({ ...signedIn('one'), error: new UnreachableError('network') })
  expect(status()).toBe('waiting')
  session.set(signedIn('one'))
  expect([status(), attempts.length]).toEqual(['connecting', 2])
})

test('closed, it stays so', async () => {
  await opened()
  connection.close()
  expect([status(), last().signal.aborted]).toEqual(['idle', true])
  session.set(signedIn('two'))
  connection.retry()
  await pass(60_000)
  expect(attempts).toHaveLength(1)
})
