/**
 * The log: one line an event on standard error. Requests are logged by what they asked and how it
 * ended; no header, no body and no query ever gets here, and what looks like a secret is struck out.
 *
 * @see OWASP ASVS 5.0 V16.2.5
 * @module
 */
import { type DestinationStream, type Logger, pino } from 'pino'

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

/** A request as it is logged: these five and nothing that a client can name. */
export interface RequestLine {
  readonly requestId: string | undefined
  readonly method: string
  readonly path: string
  readonly status: number
  /** How long it took, in milliseconds. */
  readonly ms: number
}

export interface Log extends Pick<Logger, 'error' | 'fatal' | 'info' | 'warn'> {
  request(line: RequestLine): void
}

/** Opens the log. */
export async function openLog(format: 'json' | 'pretty'): Promise<Log> {
  const options = {
    base: null,
    serializers: { err: errorTold },
    timestamp: timestamps(),
  }
  const redact = {
    paths: secrets.flatMap((name) => [name, `*.${name}`, `*.*.${name}`]),
    censor: '…',
  }
  const stream =
    format === 'pretty' ? await prettyStream() : pino.destination({ dest: 2, sync: true })
  const { gathered, direct } = byTurn(stream)
  const log: Logger = pino({ ...options, redact }, direct)
  // Five fields of our own have nothing to strike out; looking for it costs as much as the line.
  const requests = pino(options, gathered)
  return {
    error: log.error.bind(log),
    fatal: log.fatal.bind(log),
    info: log.info.bind(log),
    warn: log.warn.bind(log),
    request: ({ requestId, method, path, status, ms }) =>
      requests.info({ requestId, method, path, status, ms }, 'request'),
  }
}

/**
 * Two ways onto a stream, in one order: at once, and gathered until the event loop's turn ends, for to
 * write costs more than to make a line.
 */
function byTurn(stream: DestinationStream): Record<'gathered' | 'direct', DestinationStream> {
  let lines = ''
  const flush = () => {
    if (lines !== '') stream.write(lines)
    lines = ''
  }
  process.on('exit', flush)
  return {
    gathered: {
      write(line) {
        if (lines === '') setImmediate(flush)
        lines += line
      },
    },
    direct: {
      write(line) {
        flush()
        stream.write(line)
      },
    },
  }
}

/** Loaded where somebody reads along: thirty files that a server's start need not find. */
async function prettyStream(): Promise<DestinationStream> {
  const { default: pretty } = await import('pino-pretty')
  return pretty({ destination: 2, sync: true })
}

/** The time as pino writes it, spelled out once a millisecond. */
function timestamps(): () => string {
  let at = 0
  let text = ''
  return () => {
    const now = new Date()
    if (now.getTime() !== at) {
      at = now.getTime()
      text = `,"time":"${now.toISOString()}"`
    }
    return text
  }
}
