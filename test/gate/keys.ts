/**
 * API keys in tests: made by a person who is signed in, and used as a program does.
 *
 * @module
 */
import { expect } from 'vitest'
import type { Sallyport } from '../../src/index.ts'
import type { IssuedKey } from '../../src/wire.ts'
import type { TestGate } from './gate.ts'
import { type Got, type Sending, type Visitor, visitor } from './visitor.ts'

const day = 86_400_000

/** Makes a key for whoever is signed in; for 30 days unless said otherwise. */
export async function issue(
  open: Pick<TestGate, 'now'>,
  who: Visitor,
  more: { name?: string; scopes?: readonly string[]; expiresAt?: string } = {},
): Promise<IssuedKey> {
  const expiresAt = new Date(open.now() + 30 * day).toISOString()
  const json = { name: 'ci', scopes: ['users:read'], expiresAt, ...more }
  const got = await who.send('POST', '/auth/api-keys', { json })
  expect([got.status, got.json.code]).toEqual([201, undefined])
  return got.json as unknown as IssuedKey
}

/** A program that has a key and nothing else: no cookies, no origin. */
export function program(gate: Pick<Sallyport, 'handle'>, secret: string) {
  return (method: string, path: string, { headers, ...sending }: Sending = {}): Promise<Got> =>
    visitor(gate).send(method, path, {
      ...sending,
      headers: {
        Authorization: `Bearer ${secret}`,
        Origin: null,
        'Sec-Fetch-Site': null,
        ...headers,
      },
    })
}
