/**
 * Plain answers: status, headers and text, as they go over the wire. A mount that writes them itself
 * spares the web's `Headers` and `Response`, which cost more than all of a bare `node:http` answer.
 *
 * @module
 */
import { type ProblemCode, problemOf } from './problem.ts'
import type { Answer, Refused } from './route.ts'

/** An answer, or a no that may also be a fault. */
export type Outcome = Answer | (Omit<Refused, 'code'> & { readonly code: ProblemCode })

export interface Plain {
  readonly status: number
  /** One spelling a name; several values only of `Set-Cookie`. */
  readonly headers: Readonly<Record<string, string | string[]>>
  readonly body: string | ReadableStream<Uint8Array> | undefined
}

/** Writes an outcome down, as an answer to `request`. */
export function plainOf(
  outcome: Outcome,
  request: { readonly method: string },
  requestId: string,
  always: Readonly<Record<string, string>>,
): Plain {
  const { status, body, type, more } = outcome.ok
    ? { ...outcome, type: 'application/json', more: outcome.headers }
    : problemBody(outcome, requestId)
  const cookies = outcome.cookies?.length ? { 'Set-Cookie': [...outcome.cookies] } : {}
  const headers = { ...always, 'X-Request-Id': requestId, ...more, ...cookies }
  if (outcome.ok && outcome.stream) return { status, headers, body: outcome.stream }
  const head = request.method === 'HEAD'
  if (outcome.ok && outcome.text !== undefined)
    return { status, headers, body: head ? undefined : outcome.text }
  if (body === undefined) return { status, headers, body }
  const text = head ? undefined : JSON.stringify(body)
  return { status, headers: { ...headers, 'Content-Type': type }, body: text }
}

function problemBody(refusal: Exclude<Outcome, Answer>, requestId: string) {
  const { problem, headers } = problemOf(refusal, requestId)
  return {
    body: problem,
    type: 'application/problem+json',
    status: problem.status,
    more: { ...headers, ...refusal.headers },
  }
}

/** The same as the web has it. */
export function responseFrom({ status, headers: plain, body }: Plain): Response {
  const headers = new Headers()
  for (const [name, value] of Object.entries(plain)) {
    if (typeof value === 'string') headers.set(name, value)
    else for (const one of value) headers.append(name, one)
  }
  return new Response(body ?? null, { status, headers })
}
