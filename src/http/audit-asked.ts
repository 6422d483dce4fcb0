/**
 * Which records are asked for, as a query or a command says it.
 *
 * @module
 */
import type { RecordsAsked } from '../audit-ports.ts'
import { typesNamed } from '../rules/audit.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import type * as wire from '../wire.ts'

/** What is asked for. @returns `validation_failed` for a type that is none. */
export function askedIn({
  type,
  user,
  from,
  to,
}: wire.AuditExport): { readonly ok: true; readonly asked: Omit<RecordsAsked, 'order'> } | Refusal {
  const types = type === undefined ? undefined : typesNamed(type)
  if (types?.length === 0) {
    const detail = 'There is no event of this name.'
    return refuse('validation_failed', { fields: [{ name: 'type', code: 'not_allowed', detail }] })
  }
  const asked = {
    types,
    user,
    from: from === undefined ? undefined : Date.parse(from),
    to: to === undefined ? undefined : Date.parse(to),
  }
  return { ok: true, asked }
}
