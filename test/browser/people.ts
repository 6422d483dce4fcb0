/**
 * People and what they leave behind, made through the API in a moment, so that a test of pages begins
 * where its subject does.
 */

import type { BrowserContext } from 'playwright-core'
import { expect } from 'vitest'
import type { RunningServer } from './serve.ts'

export const password = 'seven stones above the river'

type Sent = Readonly<Record<string, unknown>>

/** Calls the API with the cookies of a browser, as its pages would. Answers the parsed body. */
export async function send(
  { origin }: RunningServer,
  context: BrowserContext,
  method: 'GET' | 'POST' | 'PATCH' | 'DELETE',
  path: string,
  { data, status, headers = {} }: { data?: Sent; status?: number; headers?: Sent } = {},
) {
  const cookies = await context.cookies()
  const token = cookies.find(({ name }) => name === 'csrf')?.value
  const answer = await context.request.fetch(`${origin}/api/v1${path}`, {
    method,
    headers: { Origin: origin, ...(token && { 'X-CSRF-Token': token }), ...headers },
    ...(data && { data }),
  })
  const text = await answer.text()
  if (status !== undefined) expect(`${answer.status()} ${text}`).toMatch(new RegExp(`^${status} `))
  return text === '' ? {} : JSON.parse(text)
}

/** Claims the instance; the browser is signed in as its owner, Ada. */
export async function claim(server: RunningServer, context: BrowserContext): Promise<void> {
  const setupToken = new URL(server.claimLink()).hash.slice('#token='.length)
  const data = { setupToken, username: 'ada', password, displayName: 'Ada Lovelace' }
  await send(server, context, 'POST', '/auth/setup', { data, status: 201 })
}

/** Signs a browser in. */
export async function enter(
  server: RunningServer,
  context: BrowserContext,
  username: string,
  { typed = password, userAgent }: { typed?: string; userAgent?: string } = {},
): Promise<void> {
  const headers = userAgent === undefined ? {} : { 'User-Agent': userAgent }
  const data = { username, password: typed }
  await send(server, context, 'POST', '/auth/login', { data, status: 200, headers })
}

export interface Added {
  readonly id: string
  readonly temporaryPassword: string
}

/** Adds a person, by the owner's browser. */
export async function add(
  server: RunningServer,
  owner: BrowserContext,
  who: { readonly username: string; readonly role?: string; readonly displayName?: string },
): Promise<Added> {
  const data = { role: 'member', ...who }
  const { user, temporaryPassword } = await send(server, owner, 'POST', '/users', {
    data,
    status: 201,
  })
  return { id: user.id, temporaryPassword }
}

/** Gives the person who signs in for the first time in this browser the password of these tests. */
export async function settle(
  server: RunningServer,
  context: BrowserContext,
  username: string,
  { temporaryPassword }: Added,
): Promise<void> {
  await enter(server, context, username, { typed: temporaryPassword })
  const data = { currentPassword: temporaryPassword, newPassword: password }
  await send(server, context, 'POST', '/auth/change-password', { data, status: 200 })
}

/** Guesses at somebody's password from elsewhere until the name rests. */
export async function guess(
  server: RunningServer,
  context: BrowserContext,
  username: string,
): Promise<void> {
  for (let tries = 0; tries < 11; tries++)
    await send(server, context, 'POST', '/auth/login', {
      data: { username, password: `guess number ${tries} at it` },
    })
}
