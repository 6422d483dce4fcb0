/**
 * Roles and permissions of a host's own, on both databases: given, asked for in each way there is, not
 * given above the own, and kept by people after they are defined no longer.
 *
 * @module
 */
import { describe, expect, test, vi } from 'vitest'
import { createSallyport, SettingsError, type Told } from '../src/index.ts'
import { databases, openTestGate, origin, secret } from './gate/gate.ts'
import { issue, program } from './gate/keys.ts'
import { addPerson } from './gate/people.ts'
import { expectRefused, unharmed } from './gate/refusal.ts'
import { type Visitor, visitor } from './gate/visitor.ts'

const proxy = '198.51.100.7'
const access = {
  permissions: ['orders:read', 'orders:write'],
  roles: {
    manager: { below: 'admin', holds: ['orders:read', 'orders:write'] },
    desk: { below: 'manager', holds: ['users:read', 'users:write', 'orders:read'] },
    auditor: { below: 'desk', holds: ['audit:read'] },
    member: { holds: ['orders:read'] },
  },
}
const sales = { role: 'manager', scope: 'department:sales' }
const cookiesOf = ({ jar }: Visitor) =>
  [...jar].map(([name, value]) => `${name}=${value}`).join('; ')

describe.each(databases)('on %s', (kind) => {
  async function opened(options = {}) {
    const open = await openTestGate(kind, { access, trustProxy: [proxy], ...options })
    const ada = visitor(open.gate)
    await ada.setUp()
    const ids = new Map<string, string>()
    /** Signed in a moment after the role was given: a new role needs a new proof. */
    const person = async (name: string, role?: string) => {
      ids.set(name, await addPerson(open, name))
      if (role) expect((await patch(ada, ids.get(name), { role })).status).toBe(200)
      open.pass(1)
      const who = visitor(open.gate)
      await who.logIn(name)
      await open.recorded()
      return who
    }
    return { ...open, open, ada, person, ids }
  }
  const patch = (who: Visitor, id: string | undefined, json: unknown) =>
    who.send('PATCH', `/users/${id}`, { json })
  const verify = (who: Pick<Visitor, 'send'>, query: string) =>
    who.send('GET', `/auth/verify${query}`, { headers: { 'X-Forwarded-Method': 'GET' } })
  const answers = (who: Pick<Visitor, 'send'>, queries: readonly string[]) =>
    Promise.all(queries.map(async (query) => (await verify(who, query)).status))

  test('a role in a scope is given, and every way to ask answers for it', async () => {
    const { gate, ada, person, ids, open } = await opened()
    const bob = await person('bob', 'viewer')
    const given = await patch(ada, ids.get('bob'), { scopes: [sales] })
    expect([given.status, given.json.scopes]).toEqual([200, [sales]])
    const write = '?permission=orders:write'
    const asked = [write, `${write}&scope=department:sales`, `${write}&scope=department:hr`]
    expect(await answers(bob, asked)).toEqual([403, 200, 403])
    expect(await answers(ada, asked)).toEqual([200, 200, 200])

    const guard = gate.guard({ permission: 'orders:write' })
    const request = (who: Visitor) =>
      new Request(`${origin}/orders`, { headers: { Cookie: cookiesOf(who) } })
    const told = async (who: Visitor, scope?: string) => {
      const caller = await guard(request(who), { address: proxy }, scope)
      return caller.ok ? caller.user.username : caller.code
    }
    expect([
      await told(bob),
      await told(bob, 'department:sales'),
      await told(bob, 'department:hr'),
      await told(ada),
    ]).toEqual(['forbidden', 'bob', 'forbidden', 'ada'])
    expect(() => gate.guard({ permission: 'orders:burn' })).toThrow('no permission orders:burn')
    expect(() => gate.guard({ role: 'janitor' })).toThrow('no role janitor')

    // Everywhere, by rank, and for clients to know.
    const eve = await person('eve', 'manager')
    expect((await eve.send('GET', '/auth/me')).json.permissions).toEqual([
      'orders:read',
      'orders:write',
    ])
    expect(await answers(eve, [write, '?role=member', '?role=manager', '?role=admin'])).toEqual([
      ...[200, 200, 200, 403],
    ])
    expect(await answers(bob, ['?role=member', '?role=janitor'])).toEqual([403, 422])
    expect((await verify(eve, '')).headers.get('x-sallyport-role')).toBe('manager')
    expectRefused(await eve.send('GET', '/users'), 403, 'forbidden')

    // A key has what it is given of it, as long as its owner has.
    const { secret: key } = await issue(open, eve, { scopes: ['orders:write'] })
    const use = { send: program(gate, key) }
    expect(await answers(use, [write, '?permission=orders:read'])).toEqual([200, 403])
    expect((await patch(ada, ids.get('eve'), { role: 'member' })).status).toBe(200)
    expect(await answers(use, [write])).toEqual([403])
    expect(await answers(eve, [write, '?permission=orders:read'])).toEqual([403, 200])
  })

  test('nobody gives a role above the own, nor takes over who may do more', async () => {
    const { open, ada, person, ids } = await opened()
    const desk = await person('desk', 'desk')
    await person('bob')
    await person('mia', 'manager')
    await person('aud', 'auditor')
    const [bob, mia, aud, own] = ['bob', 'mia', 'aud', 'desk'].map((name) => ids.get(name))
    const said = await unharmed(open, async () => {
      for (const role of ['owner', 'admin', 'manager', 'auditor'])
        for (const [id, json] of [
          [bob, { role }],
          [own, { role }],
          [bob, { scopes: [{ role, scope: 'department:sales' }] }],
        ] as const)
          expectRefused(await patch(desk, id, json), 403, 'forbidden', role)
      for (const id of [mia, aud])
        expectRefused(await desk.send('POST', `/users/${id}/reset-password`), 403, 'forbidden')
      const made = { username: 'new', role: 'auditor' }
      expectRefused(await desk.send('POST', '/users', { json: made }), 403, 'forbidden')
      const unknown = await patch(ada, bob, { scopes: [{ ...sales, role: 'janitor' }] })
      expectRefused(unknown, 422, 'validation_failed')
    })
    expect(new Set(said.map(({ type }) => type))).toEqual(new Set(['access.refused']))
    expect((await patch(desk, bob, { role: 'viewer' })).status).toBe(200)
    expect((await desk.send('POST', `/users/${bob}/reset-password`)).status).toBe(200)
    // Holding something in a scope is reason enough.
    expect((await patch(ada, bob, { scopes: [sales] })).status).toBe(200)
    expectRefused(await desk.send('POST', `/users/${bob}/reset-password`), 403, 'forbidden')
    expect((await ada.send('POST', `/users/${bob}/reset-password`)).status).toBe(200)
  })

  test('a role that is defined no longer gives nothing, is told of, and keeps nobody out', async () => {
    const { another, ada, person, ids } = await opened()
    await person('mia', 'manager')
    await person('bob')
    expect((await patch(ada, ids.get('bob'), { scopes: [sales] })).status).toBe(200)

    const told: Told[] = []
    const later = await another({ access: undefined, onChore: (one) => told.push(one) })
    await vi.waitFor(() => expect(told.map(({ chore }) => chore)).toContain('access'), {
      timeout: 10_000,
    })
    const said = told.find((one) => one.chore === 'access')
    expect(said).toMatchObject({
      is: 'refused',
      complaints: [expect.stringMatching(/role "manager".* hold it: 2\.$/)],
    })

    const mia = visitor(later)
    expect((await mia.logIn('mia')).status).toBe(200)
    expect((await mia.send('GET', '/auth/me')).json).toMatchObject({
      user: { role: 'manager' },
      permissions: [],
    })
    expect(await answers(mia, ['', '?role=viewer', '?permission=orders:write'])).toEqual([
      ...[200, 403, 403],
    ])
    expect((await verify(mia, '')).headers.get('x-sallyport-role')).toBe('')
    const bob = visitor(later)
    await bob.logIn('bob')
    expect(await answers(bob, ['?permission=orders:write&scope=department:sales'])).toEqual([403])
    const root = visitor(later)
    await root.logIn('ada')
    expect((await root.send('GET', '/users')).json.items).toHaveLength(3)
    expect((await patch(root, ids.get('mia'), { displayName: 'Mia' })).status).toBe(200)
    expect((await patch(root, ids.get('mia'), { role: 'member' })).status).toBe(200)
    expect((await patch(root, ids.get('bob'), { scopes: [] })).status).toBe(200)
  })
})

test('what cannot be meant starts nothing, and all of it is said', async () => {
  const roles = { boss: { below: 'owner' }, clerk: { below: 'admin', holds: ['orders:read'] } }
  const start = createSallyport({
    publicOrigin: origin,
    database: 'sqlite::memory:',
    secret,
    access: { roles },
  })
  const failed = await start.catch((error: unknown) => error)
  expect(failed).toBeInstanceOf(SettingsError)
  expect((failed as SettingsError).complaints).toEqual([
    'access.roles.boss: no role of your own ranks above admin.',
    'access.roles.clerk: there is no permission "orders:read".',
  ])
})
