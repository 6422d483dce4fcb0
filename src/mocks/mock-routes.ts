/**
 * The routes as mocks answer them: who may call each, as in the table of the server, and what it
 * answers. A test holds both against the real ones.
 *
 * @module
 */
import type { Session } from '../wire.ts'
import { activityOf, mockAudit } from './mock-audit.ts'
import { mockKeys } from './mock-keys.ts'
import { mockPeople } from './mock-people.ts'
import { type Asked, done, inside, type MockRoute, no, ok, page, type Told } from './mock-route.ts'
import { clear, csrf, end, enter, iso, newPerson, signedNow, stepUpWindow } from './mock-world.ts'

const passwordPolicy = { minLength: 15, maxLength: 128, maxBytes: 1024 }

function tooShort(secret: unknown, name: string): Told | undefined {
  if (String(secret).length >= passwordPolicy.minLength) return undefined
  const detail = `At least ${passwordPolicy.minLength} characters.`
  return { code: 'validation_failed', fields: [{ name, code: 'too_short', detail }] }
}

const live = ({ world, me }: Asked, of: (session: Session) => boolean) =>
  world.sessions.filter(of).map((one) => ({ ...one, current: one.id === me.session.id }))

/** By method and path, as in the reference of routes. */
export const mockRoutes: Readonly<Record<string, MockRoute>> = {
  'GET /auth/setup': {
    caller: 'anyone',
    restricted: true,
    answer: ({ world }) => ok({ needsOwner: world.people.size === 0, passwordPolicy }),
  },
  'POST /auth/setup': {
    caller: 'anyone',
    restricted: true,
    answer({ world, body }) {
      if (world.people.size > 0) return no('already_set_up')
      if (body.setupToken !== world.setupToken) return no('forbidden')
      const short = tooShort(body.password, 'password')
      if (short) return short
      const owner = newPerson(world, String(body.username), { role: 'owner' })
      owner.password = String(body.password)
      return { status: 201, body: enter(world, owner) }
    },
  },
  'POST /auth/login': {
    caller: 'anyone',
    restricted: true,
    answer({ world, body }) {
      const name = String(body.username)
      const rest = (world.resting.get(name) ?? 0) - Date.now()
      if (rest > 0) return { code: 'account_locked', retryAfter: rest }
      const person = world.people.get(name)
      const right = person && !person.user.disabled && person.password === body.password
      return right ? ok(enter(world, person, body.remember === true)) : no('invalid_credentials')
    },
  },
  'POST /auth/refresh': {
    caller: 'anyone',
    restricted: true,
    answer({ world }) {
      world.expired = false
      const signed = signedNow(world)
      if (signed) return ok(signed)
      clear(world)
      return no('refresh_token_invalid')
    },
  },
  'POST /auth/logout': {
    caller: 'anyone',
    restricted: true,
    answer({ world }) {
      if (world.mine) end(world, world.mine.id, 'logout')
      clear(world)
      return done
    },
  },
  'GET /auth/csrf': {
    caller: 'anyone',
    restricted: true,
    answer: ({ world }) => (world.mine ? ok({ token: csrf }) : no('not_authenticated')),
  },
  'GET /auth/me': { ...inside, restricted: true, answer: ({ me }) => ok(me) },
  'POST /auth/change-password': {
    ...inside,
    restricted: true,
    answer({ world, me, body }) {
      const person = world.people.get(me.user.username)
      if (person?.password !== body.currentPassword) return no('wrong_password')
      const short = tooShort(body.newPassword, 'newPassword')
      if (short || !person) return short ?? no('not_found')
      person.password = String(body.newPassword)
      person.user = { ...person.user, mustChangePassword: false }
      for (const { id, userId } of world.sessions)
        if (userId === me.user.id) end(world, id, 'password_changed')
      world.mine = undefined
      return ok(enter(world, person, me.session.remembered))
    },
  },
  'POST /auth/step-up': {
    ...inside,
    answer({ world, me, body }) {
      if (world.people.get(me.user.username)?.password !== body.password)
        return no('wrong_password')
      world.freshUntil = Date.now() + stepUpWindow
      return ok({ until: iso(world.freshUntil) })
    },
  },
  'GET /auth/sessions': {
    ...inside,
    answer(asked) {
      const { query, me } = asked
      const all = query.get('scope') === 'all'
      if (all && !me.permissions.includes('sessions:read')) return no('forbidden')
      return page(
        live(asked, ({ userId }) => all || userId === me.user.id),
        asked,
      )
    },
  },
  'DELETE /auth/sessions/{id}': {
    ...inside,
    answer({ world, me, id }) {
      const may = (one: Session) =>
        one.userId === me.user.id || me.permissions.includes('sessions:revoke')
      if (!world.sessions.some((one) => one.id === id && may(one))) return no('not_found')
      end(world, id, 'revoked')
      if (id === me.session.id) clear(world)
      return done
    },
  },
  'POST /auth/sessions/revoke-others': {
    ...inside,
    answer({ world, me }) {
      const others = world.sessions.filter(
        ({ id, userId }) => userId === me.user.id && id !== me.session.id,
      )
      for (const { id } of others) end(world, id, 'revoked')
      return ok({ revoked: others.length })
    },
  },
  'GET /auth/devices': {
    ...inside,
    answer(asked) {
      const { id, device, createdAt } = asked.me.session
      const { userAgent: _, ...shown } = device
      return page([{ id, ...shown, createdAt, lastUsedAt: createdAt, current: true }], asked)
    },
  },
  'DELETE /auth/devices/{id}': { ...inside, answer: () => no('not_found') },
  'GET /auth/activity': {
    ...inside,
    answer(asked) {
      return page([activityOf(asked.me.session)], asked)
    },
  },
  ...mockKeys,
  ...mockPeople,
  ...mockAudit,
}
