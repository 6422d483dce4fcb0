/**
 * The client and the description of the routes are one: each route that a page can call has a function of
 * `sallyport/client`, `account` or `admin`, which asks as it is described and promises the type that is
 * described; the others are named, with the reason.
 *
 * @module
 */
import { expect, onTestFinished, test } from 'vitest'
import type { z } from 'zod'
import * as answers from '../src/answers.ts'
import * as account from '../src/client/account.ts'
import * as admin from '../src/client/admin.ts'
import { type Client, createClient } from '../src/client/client.ts'
import { routes } from '../src/http/routes.ts'
import { createTestSallyport } from '../src/testing/testing.ts'
import type * as wire from '../src/wire.ts'
import { described, misasked, misdescribed } from './gate/described.ts'

/** What is given where each of two types is as good as the other; else something of no use. */
type Agreed<A, B, Given> = [A, B] extends [B, A] ? Given : 'they differ'

/** A function of the client for a route: `body` is what is described, and `asks` takes no other. */
interface Covered {
  readonly answer: wire.Schema | undefined
  readonly asks: (client: Client, has: Has) => Promise<unknown>
}

/** What earlier calls gave. */
interface Has {
  user: string
  key: string
  device: string
  session: string
}

/** What the function promises is the type of what is described, or the table does not compile. */
const told = <A extends wire.Schema, R>(
  answer: A,
  asks: (client: Client, has: Has) => Promise<R>,
): Agreed<R, z.output<A>, Covered> => ({ answer, asks }) as never

/** For an answer without a body. */
const done = (asks: (client: Client, has: Has) => Promise<void> | Promise<undefined>): Covered => ({
  answer: undefined,
  asks,
})

/** For what the client does by itself: it is asked for, and seen to. */
const byItself = (answer: wire.Schema, asks: Covered['asks']): Covered => ({ answer, asks })

/** So with what is sent: neither more nor less than is described. */
const sent: [
  Agreed<Parameters<Client['signIn']>[0], z.input<typeof wire.LogIn>, true>,
  Agreed<Parameters<Client['setUp']>[0], z.input<typeof wire.SetUp>, true>,
  Agreed<Parameters<Client['changePassword']>[0], z.input<typeof wire.ChangePassword>, true>,
  Agreed<Parameters<Client['stepUp']>[0], z.input<typeof wire.StepUp>['password'], true>,
  Agreed<Parameters<typeof account.issueKey>[1], z.input<typeof wire.IssueKey>, true>,
  Agreed<Parameters<typeof account.rotateKey>[2], z.output<typeof wire.RotateKey>['overlap'], true>,
  Agreed<Parameters<typeof admin.createUser>[1], z.input<typeof wire.CreateUser>, true>,
  Agreed<Parameters<typeof admin.changeUser>[2], z.input<typeof wire.ChangeUser>, true>,
] = [true, true, true, true, true, true, true, true]

const password = 'correct horse battery staple'
const next = 'seven stones above the river'
const expiresAt = new Date(Date.now() + 86_400_000).toISOString()
const { User, Session, Signed, Device, ApiKey, Activity, AuditEvent, Lockout, pageOf } = answers

/** In this order, by the one owner there is. */
const covered: Readonly<Record<string, Covered>> = {
  'GET /auth/setup': told(answers.SetupStatus, (client) => client.setupStatus()),
  'POST /auth/setup': told(Signed, (client) =>
    client.setUp({
      setupToken: 'a token of this test, known to all who read',
      username: 'ada',
      password,
    }),
  ),
  'POST /auth/logout': done((client) => client.signOut()),
  'POST /auth/login': told(Signed, (client) => client.signIn({ username: 'ada', password })),
  'GET /auth/me': byItself(Signed, (client) => client.check()),
  'POST /auth/change-password': told(Signed, (client) =>
    client.changePassword({ currentPassword: password, newPassword: next }),
  ),
  'POST /auth/step-up': told(answers.SteppedUp, (client) => client.stepUp(next)),
  'GET /auth/sessions': told(pageOf(Session), async (client, has) => {
    const { items } = await client.sessions({ limit: 2 })
    has.session = items[0]?.id ?? ''
    await admin.listSessions(client, { user: items[0]?.userId ?? '' })
    return account.listOwnSessions(client, { limit: 2 })
  }),
  'POST /auth/sessions/revoke-others': told(answers.Revoked, (client) => client.endOtherSessions()),
  'GET /auth/activity': told(pageOf(Activity), (client) => account.listActivity(client)),
  'GET /auth/devices': told(pageOf(Device), async (client, has) => {
    const page = await account.listDevices(client)
    has.device = page.items[0]?.id ?? ''
    return page
  }),
  'DELETE /auth/devices/{id}': done((client, { device }) => account.forgetDevice(client, device)),
  'POST /auth/api-keys': told(answers.IssuedKey, async (client, has) => {
    const issued = await account.issueKey(client, { name: 'ci', scopes: ['users:read'], expiresAt })
    has.key = issued.key.id
    return issued
  }),
  'GET /auth/api-keys': told(pageOf(ApiKey), (client) => account.listKeys(client)),
  'POST /auth/api-keys/{id}/rotate': told(answers.IssuedKey, (client, { key }) =>
    account.rotateKey(client, key, 60),
  ),
  'DELETE /auth/api-keys/{id}': done((client, { key }) => account.revokeKey(client, key)),
  'POST /users': told(answers.Created, async (client, has) => {
    const created = await admin.createUser(client, { username: 'bob', role: 'member' })
    has.user = created.user.id
    return created
  }),
  'GET /roles': told(pageOf(answers.Role), (client) => admin.listRoles(client)),
  'GET /users': told(pageOf(User), (client) => admin.listUsers(client, { query: 'bo' })),
  'GET /users/{id}': told(User, (client, { user }) => admin.getUser(client, user)),
  'PATCH /users/{id}': told(User, (client, { user }) =>
    admin.changeUser(client, user, { displayName: 'Bob', scopes: [] }),
  ),
  'POST /users/{id}/unlock': done((client, { user }) => admin.unlockUser(client, user)),
  'POST /users/{id}/reset-password': told(answers.Reset, (client, { user }) =>
    admin.resetPassword(client, user),
  ),
  'POST /users/{id}/revoke-sessions': told(answers.Revoked, (client, { user }) =>
    admin.endSessionsOf(client, user),
  ),
  'DELETE /users/{id}': done((client, { user }) => admin.deleteUser(client, user)),
  'GET /lockouts': told(pageOf(Lockout), (client) => admin.listLockouts(client)),
  'GET /audit': told(pageOf(AuditEvent), (client) =>
    admin.listAudit(client, { type: 'auth', from: '2026-01-01T00:00:00.000Z' }),
  ),
  'GET /audit/verify': told(answers.AuditVerification, (client) => admin.verifyAudit(client)),
  'GET /overview': told(answers.Overview, (client) => admin.getOverview(client)),
  'GET /instance/health': told(answers.CheckUp, (client) => admin.getCheckUp(client)),
  'GET /health/ready': told(answers.Ready, (client) =>
    admin.getReadiness(client, undefined, baseUrl),
  ),
  'POST /auth/ws-ticket': byItself(answers.Ticket, async (client) => {
    client.socket.subscribe({ channels: ['presence'], onEvent: () => {} })
  }),
  'DELETE /auth/sessions/{id}': done((client, { session }) => client.endSession(session)),
}

/** What no function is for. */
const uncovered: Readonly<Record<string, string>> = {
  'POST /auth/refresh': 'done by every call that needs it; below',
  'GET /auth/csrf': 'done by every call whose token was rejected; `client.test.ts`',
  'GET /events': 'an event stream: `client.events`; `sockets.test.ts` and the browser suite',
  'GET /audit/export':
    'a stream of its own type: `auditExportAddress`, for a link or `client.fetch`',
  'GET /auth/verify': 'for reverse proxies',
  'GET /metrics': 'for Prometheus',
  'GET /health/live': 'for what starts and stops servers',
  'GET /openapi.json': 'for programs that make clients',
}

const baseUrl = 'https://app.example.test/api/v1'

test('every route is covered, or named with the reason', () => {
  const all = Object.entries(described.paths).flatMap(([path, methods]) =>
    Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
  )
  expect([...Object.keys(covered), ...Object.keys(uncovered)].toSorted()).toEqual(all.toSorted())
})

test('each function asks and is answered as it is described', { timeout: 60_000 }, async () => {
  const setupToken = 'a token of this test, known to all who read'
  const kit = await createTestSallyport({ unclaimed: true, settings: { setupToken } })
  onTestFinished(kit.close)
  const browser = kit.browser()
  const seen: string[] = []
  const wrong: string[] = []
  const client = createClient({
    baseUrl,
    async fetch(input, init = {}) {
      const { method = 'GET' } = init
      const url = String(input)
      const path = url.slice(baseUrl.length)
      const answer = await browser.fetch(url, init)
      seen.push(`${method} ${path.split('?')[0]} ${answer.status}`)
      const type = answer.headers.get('content-type')
      const text = await answer.clone().text()
      const complaints = [
        misasked({ method, url, body: String(init.body ?? '') }),
        misdescribed({ method, path, status: answer.status, type, text }),
      ]
      wrong.push(...complaints.filter((one) => one !== undefined))
      return answer
    },
  })
  onTestFinished(client.close)

  const has: Has = { user: '', key: '', device: '', session: '' }
  for (const [route, { answer, asks }] of Object.entries(covered)) {
    const [method = '', path = ''] = route.split(' ')
    const operation = described.paths[path]?.[method.toLowerCase()] as Operation
    const [[status, { content = undefined }] = [0, {}]] = Object.entries(operation.responses)
    const schema = answer && answers.jsonSchemaOf(answer, 'output').schema
    expect([route, content?.['application/json']?.schema]).toEqual([route, schema])
    seen.length = 0
    await asks(client, has)
    const asked = new RegExp(`^${method} ${path.replaceAll(/\{\w+\}/g, '[\\w-]{22}')} ${status}$`)
    await expect.poll(() => [route, seen.some((one) => asked.test(one))]).toEqual([route, true])
  }
  kit.advance('1h')
  seen.length = 0
  await client.signIn({ username: 'ada', password: next })
  kit.advance('6m')
  await client.endOtherSessions()
  expect(seen).toContain('POST /auth/refresh 200')
  // Every body there is has its types held against each other.
  const bodies = routes.filter(({ body }) => body !== 'none')
  expect(bodies).toHaveLength(sent.length + 1)
  expect(wrong).toEqual([])
})

interface Operation {
  readonly responses: Record<string, { content?: Record<string, { schema: unknown }> }>
}
