/**
 * What a mocked route is, and how it answers.
 *
 * @module
 */
import type { Refusal, RefusalCode } from '../rules/refusal.ts'
import type { Page, Signed } from '../wire.ts'
import type { MockWorld } from './mock-world.ts'

export interface Asked {
  readonly world: MockWorld
  /** Who is signed in; everybody for an open route is nobody in particular. */
  readonly me: Signed
  readonly id: string
  readonly query: URLSearchParams
  readonly body: Readonly<Record<string, unknown>>
}

export type Told =
  | {
      readonly status: number
      readonly body?: unknown
      /** Sent as JSON lines, instead of a body. */
      readonly lines?: readonly unknown[]
    }
  | Omit<Refusal, 'ok'>

export interface MockRoute {
  readonly caller: 'anyone' | 'signed-in'
  /** Whether a session that must change its password may call it. */
  readonly restricted?: true
  readonly permission?: string
  readonly stepUp?: true
  readonly answer: (asked: Asked) => Told
}

export const ok = (body: unknown): Told => ({ status: 200, body })
export const done: Told = { status: 204 }
export const no = (code: RefusalCode): Told => ({ code })
export const page = <T>(items: readonly T[], { query }: Asked): Told => {
  const from = Number(query.get('cursor') ?? 0)
  const limit = Number(query.get('limit') ?? 50)
  const next = from + limit < items.length ? String(from + limit) : null
  return ok({ items: items.slice(from, from + limit), nextCursor: next } satisfies Page<T>)
}
export const inside = { caller: 'signed-in' } as const
