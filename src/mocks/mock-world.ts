/**
 * What a mock knows: people, their sessions, and which of these the browser has. It lives in memory
 * and forgets all with the page.
 *
 * @module
 */
import { type Access, permissionsOf } from '../rules/access.ts'
import type { EndReason } from '../rules/facts.ts'
import type { ApiKey, Session, Signed, User } from '../wire.ts'

export interface MockPerson {
  readonly role: string
  readonly displayName?: string
  readonly scopes?: User['scopes']
  readonly disabled?: boolean
  readonly mustChangePassword?: boolean
}

export interface Person {
  user: User
  password: string
}

export interface MockWorld {
  readonly access: Access
  readonly people: Map<string, Person>
  /** Of everybody, newest first. */
  sessions: Session[]
  /** Of everybody, newest first. */
  keys: readonly (ApiKey & { readonly owner: string })[]
  /** The session of this browser, live or ended; undefined without its cookies. */
  mine: { readonly id: string; readonly user: string } | undefined
  /** Why sessions ended, by id. */
  readonly ended: Map<string, EndReason>
  /** Whether the access token is over, so that the session has to be renewed. */
  expired: boolean
  /** Until when the password counts as shown, epoch milliseconds. */
  freshUntil: number
  /** By user name: until when it rests, epoch milliseconds. */
  readonly resting: Map<string, number>
  readonly setupToken: string
}

export const password = 'correct horse battery staple'
export const csrf = 'mock-csrf-token'
const hour = 3_600_000
/** Milliseconds. */
export const stepUpWindow = 600_000

let made = 0
/** 22 characters, as every id. */
export const newId = (): string => `mock${String(++made).padStart(18, '0')}`
export const iso = (at: number): string => new Date(at).toISOString()

export function newPerson(world: MockWorld, username: string, said: MockPerson): Person {
  const person: Person = {
    password,
    user: {
      id: newId(),
      username,
      displayName: said.displayName ?? null,
      role: said.role,
      scopes: said.scopes ?? [],
      disabled: said.disabled ?? false,
      mustChangePassword: said.mustChangePassword ?? false,
      createdAt: iso(Date.now()),
      lastLoginAt: null,
    },
  }
  world.people.set(username, person)
  return person
}

/** A new session of a person, in this browser or, from elsewhere, in another. */
export function newSession(
  world: MockWorld,
  { user }: Person,
  { remembered = false, elsewhere = false } = {},
): Session {
  const now = Date.now()
  const session: Session = {
    id: newId(),
    userId: user.id,
    username: user.username,
    current: false,
    device: elsewhere
      ? { browser: 'Firefox', os: 'Android', kind: 'mobile', userAgent: 'Firefox' }
      : { browser: 'Chrome', os: 'Linux', kind: 'desktop', userAgent: 'Chrome' },
    address: elsewhere ? '203.0.113.9' : '198.51.100.7',
    createdAt: iso(now),
    lastActiveAt: iso(now),
    idleUntil: iso(now + hour),
    expiresAt: iso(now + 12 * hour),
    remembered,
  }
  world.sessions = [session, ...world.sessions]
  return session
}

/** Signs a person in, in this browser. */
export function enter(world: MockWorld, person: Person, remembered = false): Signed {
  if (world.mine) end(world, world.mine.id, 'logout')
  person.user = { ...person.user, lastLoginAt: iso(Date.now()) }
  const { id } = newSession(world, person, { remembered })
  world.mine = { id, user: person.user.username }
  world.expired = false
  world.freshUntil = Date.now() + stepUpWindow
  setCookie(`csrf=${csrf}; path=/`)
  // It was just made.
  return signedNow(world) as Signed
}

export function end(world: MockWorld, id: string, reason: EndReason): void {
  world.sessions = world.sessions.filter((one) => one.id !== id)
  world.ended.set(id, reason)
}

/** Forgets the cookies of this browser. */
export function clear(world: MockWorld): void {
  world.mine = undefined
  world.expired = false
  setCookie('csrf=; path=/; max-age=0')
}

/** Who is signed in, as `GET /auth/me` tells it. */
export function signedNow({ people, sessions, mine, access }: MockWorld): Signed | undefined {
  const session = sessions.find(({ id }) => id === mine?.id)
  const user = mine && people.get(mine.user)?.user
  if (!session || !user) return undefined
  const { mustChangePassword } = user
  const permissions = permissionsOf(access, { role: user.role })
  return { user, session: { ...session, current: true }, permissions, mustChangePassword }
}

/** As the answer of a server would, where there is a page. */
function setCookie(cookie: string): void {
  // biome-ignore lint/suspicious/noDocumentCookie: the store of cookies is not there in every test.
  if (typeof document !== 'undefined') document.cookie = cookie
}
