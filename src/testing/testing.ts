/**
 * A whole Sallyport for the tests of an application: the real one, in memory, with people in it and a
 * clock that the test moves.
 *
 * @example
 * ```ts
 * const sallyport = await createTestSallyport({ users: { ada: 'owner', bob: 'member' }, app })
 * const bob = await sallyport.as('bob')
 * expect((await bob.fetch('/reports')).status).toBe(403)
 * sallyport.advance('1h')
 * await sallyport.expectAudit([{ type: 'access.refused', by: 'bob' }])
 * await sallyport.close()
 * ```
 *
 * @module
 */

import { saidIn } from '../options.ts'
import type { World } from '../ports.ts'
import { durationOf } from '../rules/settle.ts'
import { openGate, type Sallyport, type SallyportOptions } from '../sallyport.ts'
import type { User } from '../wire.ts'
import { noLimits } from './no-limits.ts'
import { addPeople, type People, password } from './people.ts'
import { type AuditLine, type ExpectedLine, recordedIn } from './recorded.ts'
import { type TestBrowser, testBrowser } from './test-browser.ts'

export type { People, Person } from './people.ts'
export type { AuditLine, ExpectedLine } from './recorded.ts'
export type { TestBrowser } from './test-browser.ts'

export interface TestOptions {
  /** By user name: a role, or more. There is always an owner: `owner`, when none is named. */
  readonly users?: People
  /** True for an instance that nobody has claimed: it has no people. */
  readonly unclaimed?: boolean
  /** Answers what is not under the base path: your application. */
  readonly app?: (request: Request, gate: Sallyport) => Response | Promise<Response>
  /** Over what a test has: no rate limits, hashing on one thread, nothing kept on disk. */
  readonly settings?: Omit<SallyportOptions, 'clock'>
  /** When it begins, epoch milliseconds; now, when left out. */
  readonly now?: number
}

export interface TestSallyport {
  readonly gate: Sallyport
  /** Everybody's password. */
  readonly password: string
  readonly users: ReadonlyMap<string, User>
  /** A browser in which nobody is signed in. */
  readonly browser: () => TestBrowser
  /** A new browser in which this person is signed in; signing in is not in the audit it expects. */
  readonly as: (who: string | Pick<User, 'username'>) => Promise<TestBrowser>
  readonly now: () => number
  /** Moves the clock: `15m`, `1h`, or milliseconds. Nothing else does. */
  readonly advance: (by: string | number) => void
  /** What was recorded since it was last asked. */
  readonly recorded: () => Promise<readonly AuditLine[]>
  /** Throws unless exactly this was recorded since it was last asked, in this order. */
  readonly expectAudit: (expected: readonly ExpectedLine[]) => Promise<void>
  readonly close: () => Promise<void>
}

const origin = 'https://app.example.test'
const setupToken = 'the set-up token of a test, known to all'

/** Opens it. Each is on its own: tests that have one each may run side by side. */
export async function createTestSallyport(options: TestOptions = {}): Promise<TestSallyport> {
  const { users = {}, unclaimed = false, app, settings = {} } = options
  const { onFault, onClaimed, ...written } = settings
  let now = options.now ?? Date.now()
  let world: World | undefined
  const gate = await openGate(
    saidIn({
      publicOrigin: origin,
      database: 'sqlite::memory:',
      secret: 'a root secret of a test, which protects nothing at all',
      setupToken,
      hashing: { workers: 1 },
      limits: noLimits,
      ...written,
    }),
    {
      onFault,
      onClaimed,
      clock: { now: () => now, elapsed: () => now },
      onOpened: (opened) => {
        world = opened
      },
    },
  )
  if (!world) throw new Error('createTestSallyport: opened without a world')
  const { basePath, publicOrigin } = gate
  const browser = () =>
    testBrowser({
      origin: publicOrigin,
      basePath,
      address: '198.51.100.7',
      now: () => now,
      answer: async (request, from) =>
        app && !new URL(request.url).pathname.startsWith(`${basePath}/`)
          ? app(request, gate)
          : gate.handle(request, from),
    })

  const opened = { setupToken: written.setupToken ?? setupToken, basePath, browser }
  const found = unclaimed ? new Map<string, User>() : await addPeople(users, opened)
  const recorded = recordedIn(
    world,
    (id) => [...found.values()].find((user) => user.id === id)?.username,
  )
  await recorded.take()

  return {
    gate,
    password,
    users: found,
    browser,
    async as(who) {
      const username = typeof who === 'string' ? who : who.username
      const own = browser()
      const answer = await own.fetch(`${basePath}/auth/login`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ username, password }),
      })
      const text = await answer.text()
      if (!answer.ok) throw new Error(`as ${username}: ${text}`)
      const { id } = JSON.parse(text).session
      await recorded.overlook(({ type, session }) => type === 'auth.signed_in' && session === id)
      return own
    },
    now: () => now,
    advance(by) {
      const length = typeof by === 'number' ? by : durationOf(by)
      if (length === undefined || !(length >= 0))
        throw new Error(`advance: not a length of time: ${by}`)
      now += length
    },
    recorded: recorded.take,
    expectAudit: recorded.expect,
    close: () => gate.close(),
  }
}
