/**
 * People beyond the owner, put into the database by hand, so that each has the owner's password and
 * any role or state at once. What the routes make of people is shown in `people.test.ts`.
 *
 * @module
 */
import { expect } from 'vitest'
import type { TestGate } from './gate.ts'

export interface Person {
  readonly role?: 'owner' | 'admin' | 'member' | 'viewer'
  /** Whether the password must be changed first: every session is then a restricted one. */
  readonly mustChange?: boolean
  readonly disabled?: boolean
  /** Whether there is no password to sign in with. */
  readonly passwordless?: boolean
}

/** Adds somebody to a claimed instance. @returns The user id. */
export async function addPerson(
  { query }: Pick<TestGate, 'query'>,
  username: string,
  { role = 'member', mustChange, disabled, passwordless }: Person = {},
): Promise<string> {
  const id = username.padEnd(22, '0')
  await query(`
    insert into users (id, username, "displayName", role, scopes, "passwordHash",
      "mustChangePassword", version, "createdAt", "lastLoginAt", "disabledAt", revision)
    select '${id}', '${username}', null, '${role}', '[]',
      ${passwordless ? 'null' : '"passwordHash"'}, ${mustChange ? 1 : 0}, 1, "createdAt", null,
      ${disabled ? '"createdAt"' : 'null'}, 'by hand'
    from users where role = 'owner' order by "createdAt" limit 1`)
  expect(await query(`select id from users where id = '${id}'`)).toHaveLength(1)
  return id
}
