/**
 * What a process hands to whoever asks the system for it: its memory through a debugger or a dump, its
 * environment through a report. A server that others reach lets go of what it can, and says what it
 * cannot.
 *
 * @see OWASP ASVS 5.0 V13.3.2, V13.4.2
 * @module
 */
import { readFileSync } from 'node:fs'
import { url as debuggerAt } from 'node:inspector'
import { environmentName, pathsOf, settings } from '../index.ts'

type Environment = Record<string, string | undefined>

/** Options of Node that open its memory, or write it into a file. */
const opening =
  /--(?:inspect(?!-port|-publish)|heapsnapshot-|heap-prof|abort-on-uncaught-exception)[\w-]*/g

/** Complaints about what Node was started with, on a server that others reach. */
export function opened(
  given: readonly string[] = process.execArgv,
  environment: Environment = process.env,
): string[] {
  const said = [...given, environment.NODE_OPTIONS ?? ''].join(' ').replace(/(?<=\w)_/g, '-')
  const options = [...new Set(said.match(opening))]
  if (options.length === 0 && debuggerAt() !== undefined) options.push('a debugger')
  return options.map(
    (one) => `node: ${one} shows the root secret and every token. Start it without.`,
  )
}

/** A database is named with its password. */
const secrets = pathsOf(settings).flatMap(([path, setting]) =>
  'secret' in setting || path === 'database' ? [environmentName(path)] : [],
)

/**
 * Forgets the secrets of the environment once they have been read, and keeps the rest of it out of reports.
 * What the system keeps of it (`/proc/<pid>/environ`) stays, for the same user and root alone.
 */
export function forgetSecrets(environment: Environment = process.env): void {
  for (const name of secrets) delete environment[name]
  process.report.excludeEnv = true
}

/** Whether a crash would leave the memory of this process on the disk, as far as the system says so. */
export function dumpsCore(limits: string = limitsOfThis()): boolean {
  const [, soft] = /^Max core file size +(\S+)/m.exec(limits) ?? []
  return soft !== undefined && soft !== '0'
}

function limitsOfThis(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    // Only Linux has it.
    return ''
  }
}
