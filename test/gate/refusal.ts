/**
 * What every refusal has in common, whatever was tried: it changes nothing (U1), sets no cookie (U2)
 * and is a problem that tells nothing it should not (U3).
 *
 * @module
 */
import { expect } from 'vitest'
import type { AuditLine, TestGate } from './gate.ts'
import type { Got } from './visitor.ts'
import { broken } from './witness.ts'

/** Expects a problem with this status and code, and no cookie. */
export function expectRefused(got: Got, status: number, code: string, tried = ''): void {
  expect([tried, got.status, got.json.code]).toEqual([tried, status, code])
  const { json, headers, text } = got
  expect(got.set, tried).toEqual([])
  expect(headers.get('content-type')).toBe('application/problem+json')
  expect(headers.get('cache-control')).toBe('no-store')
  expect(json).toMatchObject({ type: `https://sallyport.dev/problems/${code}`, status })
  expect(json.title).toMatch(/^[A-Z][a-z ]+$/)
  expect(json.instance).toMatch(/^[\w-]{22}$/)
  expect(headers.get('x-request-id')).toBe(json.instance)
  expect(headers.get('retry-after')).toBe(json.retryAfter?.toString() ?? null)
  expect(status === 429 || status === 503).toBe(json.retryAfter !== undefined)
  expect(text).not.toMatch(broken)
}

/** Does `attempts` and expects that they left nothing behind. @returns What was recorded meanwhile. */
export async function unharmed(
  { dump, recorded }: Pick<TestGate, 'dump' | 'recorded'>,
  attempts: () => Promise<void>,
): Promise<AuditLine[]> {
  const before = await dump()
  await recorded()
  await attempts()
  expect(await dump()).toBe(before)
  return recorded()
}
