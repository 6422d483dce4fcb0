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
