/**
 * Faults, as a library tells of them when the host has no other place: one JSON line each on
 * standard error.
 *
 * @module
 */

/** Writes one line: what broke, where, and the request id the client was given. */
export function writeFault(fault: {
  readonly error: unknown
  readonly requestId: string
  readonly method: string
  readonly path: string
}): void {
  const { error, ...where } = fault
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error)
  process.stderr.write(`${JSON.stringify({ level: 'error', ...where, error: told })}\n`)
}

/** Writes one line for a chore that could not be done. */
export function writeChore(told: {
  readonly chore: string
  readonly is: string
  readonly error?: unknown
  readonly complaints?: readonly string[]
}): void {
  const { error, complaints, ...what } = told
  if (error === undefined && complaints === undefined) return
  const why = error instanceof Error ? (error.stack ?? error.message) : error && String(error)
  const line = { level: 'error', ...what, ...(why ? { error: why } : { complaints }) }
  process.stderr.write(`${JSON.stringify(line)}\n`)
}
