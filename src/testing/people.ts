/**
 * The people a test begins with, made through the same routes that make them in life, so that what
 * holds for everybody holds for them.
 *
 * @module
 */
import type { Signed, User } from '../wire.ts'
import type { TestBrowser } from './test-browser.ts'

export interface Person {
  /** One of the built-in roles, or of the `access` in the settings. */
  readonly role: string
  readonly displayName?: string
  readonly scopes?: readonly { readonly role: string; readonly scope: string }[]
  readonly disabled?: boolean
  /** Signs in with `password` all the same, and may then do nothing but choose another. */
  readonly mustChangePassword?: boolean
}

/** By user name: a role, or more than that. */
export type People = Readonly<Record<string, Person | string>>

/** Everybody's password. */
export const password = 'correct horse battery staple'
const temporary = 'a password for the first minute'

interface Opened {
  readonly setupToken: string
  readonly basePath: string
  readonly browser: () => TestBrowser
}

/** Claims the instance and adds everybody. The first owner claims; without one, `owner` does. */
export async function addPeople(people: People, opened: Opened): Promise<Map<string, User>> {
  const { setupToken, basePath, browser } = opened
  const wanted = Object.entries(people).map(
    ([username, said]) => [username, typeof said === 'string' ? { role: said } : said] as const,
  )
  const [first, claimer] = wanted.find(([, { role }]) => role === 'owner') ?? ['owner', undefined]
  const found = new Map<string, User>()
  const root = browser()

  async function ask<T>(from: TestBrowser, method: string, path: string, body: unknown) {
    const headers = { 'Content-Type': 'application/json' }
    const init = { method, headers, body: JSON.stringify(body) }
    const answer = await from.fetch(basePath + path, init)
    const text = await answer.text()
    if (!answer.ok) throw new Error(`createTestSallyport: ${method} ${path}: ${text}`)
    // The one cast: what our own routes answer.
    return JSON.parse(text) as T
  }

  const { displayName } = claimer ?? {}
  const owner = { setupToken, username: first, password, displayName }
  found.set(first, (await ask<Signed>(root, 'POST', '/auth/setup', owner)).user)

  await Promise.all(
    wanted.map(async ([username, { role, displayName, mustChangePassword }]) => {
      if (username === first) return
      const secret = mustChangePassword ? password : temporary
      const asked = { username, role, displayName, password: secret }
      const { user } = await ask<{ user: User }>(root, 'POST', '/users', asked)
      found.set(username, user)
      if (mustChangePassword) return
      const own = browser()
      await ask(own, 'POST', '/auth/login', { username, password: secret })
      const change = { currentPassword: secret, newPassword: password }
      found.set(username, (await ask<Signed>(own, 'POST', '/auth/change-password', change)).user)
      await own.fetch(`${basePath}/auth/logout`, { method: 'POST' })
    }),
  )
  for (const [username, { scopes, disabled }] of wanted) {
    const change = { ...(scopes && { scopes }), ...(disabled && { disabled }) }
    const path = `/users/${found.get(username)?.id}`
    if (Object.keys(change).length > 0)
      found.set(username, await ask<User>(root, 'PATCH', path, change))
  }
  await root.fetch(`${basePath}/auth/logout`, { method: 'POST' })
  return found
}
