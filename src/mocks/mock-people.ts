/**
 * The routes of administrators, as mocks answer them.
 *
 * @module
 */
import { isRole, permissionsOf } from '../rules/access.ts'
import type { ChangeUser, CheckUp, Overview, Role, User } from '../wire.ts'
import { done, inside, type MockRoute, no, ok, page } from './mock-route.ts'
import { end, iso, type MockWorld, newPerson } from './mock-world.ts'

const hour = 3_600_000

const personOf = (world: MockWorld, id: string) =>
  [...world.people.values()].find(({ user }) => user.id === id)
export const mockPeople: Readonly<Record<string, MockRoute>> = {
  'GET /users': {
    ...inside,
    permission: 'users:read',
    answer(asked) {
      const wanted = (asked.query.get('query') ?? '').toLowerCase()
      const users = [...asked.world.people.values()].map(({ user }) => user)
      return page(
        users
          .filter(({ username, displayName }) =>
            `${username} ${displayName ?? ''}`.toLowerCase().includes(wanted),
          )
          .reverse(),
        asked,
      )
    },
  },
  'GET /roles': {
    ...inside,
    permission: 'users:read',
    answer: (asked) =>
      page(
        asked.world.access.roles.map((role): Role => {
          const permissions = permissionsOf(asked.world.access, { role })
          return { role, permissions }
        }),
        asked,
      ),
  },
  'GET /users/{id}': {
    ...inside,
    permission: 'users:read',
    answer({ world, id }) {
      const person = personOf(world, id)
      return person ? ok(person.user) : no('not_found')
    },
  },
  'POST /users': {
    ...inside,
    permission: 'users:write',
    stepUp: true,
    answer({ world, body }) {
      const { username, role, displayName, password } = body
      if (!isRole(world.access, String(role))) return no('validation_failed')
      if (world.people.has(String(username))) return no('username_taken')
      const name = displayName === undefined ? {} : { displayName: String(displayName) }
      const said = { role: String(role), mustChangePassword: true, ...name }
      const person = newPerson(world, String(username), said)
      const { user } = person
      person.password = password === undefined ? 'a temporary password' : String(password)
      const temporary = password === undefined ? { temporaryPassword: person.password } : {}
      return { status: 201, body: { user, ...temporary } }
    },
  },
  'PATCH /users/{id}': {
    ...inside,
    permission: 'users:write',
    stepUp: true,
    answer({ world, id, body }) {
      const person = personOf(world, id)
      if (!person) return no('not_found')
      const given = body as ChangeUser
      const named = [...(given.scopes ?? []), ...(given.role === undefined ? [] : [given])]
      if (!named.every(({ role = '' }) => isRole(world.access, role)))
        return no('validation_failed')
      person.user = { ...person.user, ...(given as Partial<User>) }
      if (body.disabled === true)
        for (const one of world.sessions) if (one.userId === id) end(world, one.id, 'user_disabled')
      return ok(person.user)
    },
  },
  'DELETE /users/{id}': {
    ...inside,
    permission: 'users:write',
    stepUp: true,
    answer({ world, id }) {
      const person = personOf(world, id)
      if (!person) return no('not_found')
      world.people.delete(person.user.username)
      for (const one of world.sessions) if (one.userId === id) end(world, one.id, 'user_disabled')
      return done
    },
  },
  'POST /users/{id}/reset-password': {
    ...inside,
    permission: 'users:write',
    stepUp: true,
    answer({ world, me, id }) {
      const person = personOf(world, id)
      if (!person) return no('not_found')
      if (id === me.user.id) return no('conflict')
      person.password = 'a temporary password'
      person.user = { ...person.user, mustChangePassword: true }
      return ok({ temporaryPassword: person.password })
    },
  },
  'POST /users/{id}/revoke-sessions': {
    ...inside,
    permission: 'users:write',
    stepUp: true,
    answer({ world, id }) {
      if (!personOf(world, id)) return no('not_found')
      const theirs = world.sessions.filter(({ userId }) => userId === id)
      for (const one of theirs) end(world, one.id, 'revoked')
      return ok({ revoked: theirs.length })
    },
  },
  'POST /users/{id}/unlock': {
    ...inside,
    permission: 'users:write',
    answer({ world, id }) {
      const person = personOf(world, id)
      if (!person) return no('not_found')
      world.resting.delete(person.user.username)
      return done
    },
  },
  'GET /lockouts': {
    ...inside,
    permission: 'lockouts:read',
    answer: (asked) =>
      page(
        [...asked.world.resting]
          .filter(([, until]) => until > Date.now())
          .map(([username, until]) => ({ username, until: iso(until), count: 10, addresses: 1 })),
        asked,
      ),
  },
  'GET /instance/health': {
    ...inside,
    permission: 'metrics:read',
    answer: () =>
      ok({
        findings: [
          {
            check: 'database',
            is: 'warning',
            says: 'This is a mock: there is no database at all.',
            mend: 'Start a real server to look at.',
          },
        ],
      } satisfies CheckUp),
  },
  'GET /overview': {
    ...inside,
    permission: 'audit:read',
    answer({ world }) {
      const tally = (count: number) => ({ count, more: false })
      const present = Date.now() - (Date.now() % hour)
      const begun = Array.from({ length: 24 }, (_, at) => present - (23 - at) * hour)
      const now = world.sessions.filter(({ createdAt }) => Date.parse(createdAt) >= present)
      const resting = [...world.resting.values()].filter((until) => until > Date.now())
      return ok({
        sessions: tally(world.sessions.length),
        people: tally(world.people.size),
        resting: tally(resting.length),
        hours: begun.map((from) => ({
          from: iso(from),
          signedIn: from === present ? now.length : 0,
          refused: 0,
          more: false,
        })),
        nodes: [{ id: 'the-node-of-a-mock-000', current: true, lease: 0.4, behind: 0 }],
      } satisfies Overview)
    },
  },
}
