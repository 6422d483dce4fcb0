/**
 * What a deed is to say: the request, and what the model expects of its answer, of the cookies and of
 * the audit. What the server chooses, ids and passwords, is taken over from the answer.
 *
 * @module
 */
import type { Got } from '../gate/visitor.ts'
import type { Model, No, Person, Session } from './model.ts'
import { accessUntil, isAdministrator, isFresh, over, touch } from './model.ts'

/** A line of the audit, by who and what it is about. */
export interface Line {
  readonly type: string
  readonly actor?: Person
  readonly subject?: Person | 'setup' | 'a pseudonym'
  readonly session?: Session
  readonly reason?: string
  /** Asked for when the ids are known. */
  readonly details?: () => object
  readonly outcome?: 'refused'
}

export interface Expected {
  readonly status: number
  readonly code?: string
  readonly reason?: string
  /** Cookies are set, cleared, or left alone. */
  readonly cookies?: 'granted' | 'cleared'
  /** Whether the device cookie is among those set. */
  readonly device?: boolean
  readonly lines?: readonly Line[]
  /** Takes over what the server chose, and looks at the body. */
  readonly adopt?: (got: Got) => void
  /** What is granted. */
  readonly session?: Session
}

/** A request, and what the model says to it. The model has moved on already. */
export interface Asked {
  readonly method: string
  readonly path: string
  readonly json?: unknown
  readonly headers?: Readonly<Record<string, string | null>>
  readonly expected: Expected
}

export const refused = (line: Omit<Line, 'outcome'>): Line => ({ ...line, outcome: 'refused' })

/** A plain no. */
export const no = ({ status, code, reason }: No, lines: readonly Line[] = []): Expected => ({
  status,
  code,
  ...(reason !== undefined && { reason }),
  lines,
})

/** What a route asks of its caller. */
export interface Needs {
  readonly unsafe?: boolean
  /** The CSRF header is left out. */
  readonly forged?: boolean
  /** Whether a session that must change the password first will do. */
  readonly restricted?: boolean
  readonly permission?: string
  readonly fresh?: boolean
  readonly passive?: boolean
}

/** The session that browser `at` calls by, or how it is refused. */
export function caller(
  model: Model,
  at: number,
  needs: Needs,
): { readonly session: Session } | { readonly expected: Expected } {
  const jar = model.jars[at]
  if (!jar) return { expected: no({ status: 401, code: 'not_authenticated' }) }
  const { session } = jar
  const gone = over(model, session)
  if (gone) return { expected: no(gone) }
  if (model.now >= jar.accessUntil)
    return { expected: no({ status: 401, code: 'session_expired' }) }
  const { owner } = session
  const said = { actor: owner, subject: owner, session }
  if (needs.unsafe && needs.forged) {
    const line = refused({ type: 'csrf.rejected', ...said, reason: 'no header' })
    return { expected: no({ status: 403, code: 'csrf_rejected' }, [line]) }
  }
  if (session.restricted && !needs.restricted)
    return { expected: no({ status: 403, code: 'password_change_required' }) }
  if (needs.permission !== undefined && !isAdministrator(owner)) {
    const line = refused({ type: 'access.refused', ...said, reason: needs.permission })
    return { expected: no({ status: 403, code: 'forbidden' }, [line]) }
  }
  if (needs.fresh && !isFresh(model, session))
    return { expected: no({ status: 403, code: 'step_up_required' }) }
  if (!needs.passive) touch(model, session)
  return { session }
}

/** Browser `at` is given the cookies of a session. */
export function grant(model: Model, at: number, session: Session): void {
  const { generation } = session
  model.jars[at] = { session, generation, accessUntil: accessUntil(model, session) }
}
