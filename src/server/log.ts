/**
 * The log: one line an event on standard error. Requests are logged by what they asked and how it
 * ended; no header, no body and no query ever gets here, and what looks like a secret is struck out.
 *
 * @see OWASP ASVS 5.0 V16.2.5
 * @module
 */
import { type Logger, pino } from 'pino'
import pretty from 'pino-pretty'

const secrets = ['password', 'token', 'secret', 'cookie', 'authorization', 'setupToken']

/**
 * What is told of an error. A driver hangs more on it than its name, such as the row that was not to
 * be written.
 */
function errorTold(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) }
  const code = 'code' in error ? { code: String(error.code) } : {}
  const cause = error.cause === undefined ? {} : { cause: errorTold(error.cause) }
  return { type: error.name, ...code, message: error.message, stack: error.stack, ...cause }
}

/** Opens the log. */
export function openLog(format: 'json' | 'pretty'): Logger {
  const options = {
    base: null,
    serializers: { err: errorTold },
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    redact: { paths: secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]), censor: '…' },
  }
  return format === 'pretty'
    ? pino(options, pretty({ destination: 2, sync: true }))
    : pino(options, pino.destination({ dest: 2, sync: true }))
}
