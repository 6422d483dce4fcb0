/**
 * Browsers that renew their session, or try to.
 *
 * @module
 */
import { expect } from 'vitest'
import { type DatabaseKind, openTestGate, type TestGate } from './gate.ts'
import { type Got, type Visitor, visitor } from './visitor.ts'

export const [session, refresh, csrf] = ['__Host-session', '__Host-refresh', '__Host-csrf'] as const
export const options = { refresh: { enabled: true }, session: { limit: 0 } } as const

export type Jar = ReadonlyMap<string, string>

/** A browser with the cookies of `jar`. */
export function holding(gate: TestGate['gate'], jar: Jar): Visitor {
  const who = visitor(gate)
  for (const [name, value] of jar) who.jar.set(name, value)
  return who
}

export const renew = (who: Visitor) => who.send('POST', '/auth/refresh')

/** A claimed instance that renews its sessions, and the owner's browser. */
export async function claimed(kind?: DatabaseKind) {
  const open = await openTestGate(kind, options)
  const ada = visitor(open.gate)
  const { json } = await ada.setUp()
  await open.recorded()
  /** Refreshes with the cookies of `jar`, in a browser of its own. */
  const replay = (jar: Jar) => renew(holding(open.gate, jar))
  const types = async () => (await open.recorded()).map(({ type }) => type)
  return { ...open, ada, replay, types, id: json.session.id }
}

/** Expects the plain 401 that clears three cookies and tells nothing. */
export function expectLost(got: Got, tried = ''): void {
  const names = got.set.map((cookie) => cookie.replace(/=;.*; Max-Age=0$/, ''))
  expect([tried, got.status, got.json.code, names]).toEqual([
    tried,
    401,
    'refresh_token_invalid',
    [session, refresh, csrf],
  ])
  expect(got.json).not.toHaveProperty('reason')
  expect(got.headers.get('cache-control')).toBe('no-store')
}
