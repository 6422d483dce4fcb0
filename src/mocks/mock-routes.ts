/**
 * The routes as mocks answer them: who may call each, as in the table of the server, and what it
 * answers. A test holds both against the real ones.
 *
 * @module
 */
import type { Refusal, RefusalCode } from '../rules/refusal.ts'
import type { Activity, Page, Session, Signed } from '../wire.ts'
import {
  clear,
  csrf,
  end,
  enter,
  iso,
  type MockWorld,
  newPerson,
  signedNow,
  stepUpWindow,
} from './mock-world.ts'

export interface Asked {
  readonly world: MockWorld
  /** Who is signed in; everybody for an open route is nobody in particular. */
  readonly me: Signed
  readonly id: string
  readonly query: URLSearchParams
  readonly body: Readonly<Record<string, unknown>>
}

export type Told = { readonly status: number; readonly body?: unknown } | Omit<Refusal, 'ok'>

export interface MockRoute {
  readonly caller: 'anyone' | 'signed-in'
  /** Whether a session that must change its password may call it. */
  readonly restricted?: true
  readonly permission?: string
  readonly stepUp?: true
  readonly answer: (asked: Asked) => Told
}

const ok = (body: unknown): Told => ({ status: 200, body })
const done: Told = { status: 204 }
const no = (code: RefusalCode): Told => ({ code })
const page = <T>(items: readonly T[], { query }: Asked): Told => {
  const from = Number(query.get('cursor') ?? 0)
  const limit = Number(query.get('limit') ?? 50)
  const next = from + limit < items.length ? String(from + limit) : null
  return ok({ items: items.slice(from, from + limit), nextCursor: next } satisfies Page<T>)
}
const inside = { caller: 'signed-in' } as const
const passwordPolicy = { minLength: 15, maxLength: 128, maxBytes: 1024 }

function tooShort(secret: unknown, name: string): Told | undefined {
  if (String(secret).length >= passwordPolicy.minLength) return undefined
  const detail = `At least ${passwordPolicy.minLength} characters.`
  return { code: 'validation_failed', fields: [{ name, code: 'too_short', detail }] }
}

const personOf = (world: MockWorld, id: string) =>
  [...world.people.values()].find(({ user }) => user.id === id)
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
      const { user, session } = asked.me
      const who = `user:${user.id}`
      const signedIn: Activity = {
        id: session.id,
        at: session.createdAt,
        type: 'auth.signed_in',
        actor: who,
        subject: who,
        session: session.id,
        address: session.address,
        device: null,
        outcome: 'success',
        reason: null,
        details: null,
      }
      return page([signedIn], asked)
    },
  },
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
      person.user = { ...person.user, ...body }
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
}
