/**
 * Answers: what a command says, to people or as one JSON document, and how it ends.
 *
 * @module
 */
import { userInfo } from 'node:os'
import {
  type KeyUses,
  type Operator,
  OperatorRefusal,
  openOperator,
  SettingsError,
  Unavailable,
} from '../index.ts'
import { type Flags, settingsOf } from './command-line.ts'

/** What a command says: to people, or as one JSON document. */
export interface Answer {
  readonly json: object
  readonly lines: readonly string[]
}

/** Opens the instance that the settings name, does `work`, and says what came of it. */
export function answer(flags: Flags, work: (operator: Operator) => Promise<Answer>): Promise<void> {
  return told(flags, async () => {
    const operator = await openOperator(settingsOf(flags), operatorName())
    try {
      return await work(operator)
    } finally {
      await operator.close()
    }
  })
}

/** Says what came of `work`. A refusal is exit code 1; settings that nothing can start with are 2. */
export async function told(flags: Flags, work: () => Promise<Answer | undefined>): Promise<void> {
  try {
    const said = await work()
    // Long answers are written as they come.
    if (said) print(flags, said)
  } catch (error) {
    const no = refusalOf(error)
    if (!no) throw error
    process.exitCode = error instanceof SettingsError ? 2 : 1
    if (flags.json) print(flags, { json: no.json, lines: [] })
    else process.stderr.write(`${no.lines.join('\n')}\n`)
  }
}

/** What is told of an error that is an answer; `undefined` for a fault. */
function refusalOf(error: unknown): Answer | undefined {
  if (error instanceof OperatorRefusal) {
    const { message, uses, code, fields } = error
    const why = uses ? needs(uses).map((need) => `It is needed by ${need}.`) : []
    const more = {
      ...(code && { code }),
      ...(fields.length > 0 && { fields }),
      ...(uses && { uses }),
    }
    return { json: { refused: message, ...more }, lines: [message, ...why] }
  }
  if (error instanceof SettingsError)
    return {
      json: { refused: error.message, complaints: error.complaints },
      lines: [error.message],
    }
  if (error instanceof Unavailable)
    return { json: { refused: error.message, code: 'unavailable' }, lines: [error.message] }
  return undefined
}

function print({ json }: Flags, said: Answer): void {
  const text = json ? JSON.stringify(said.json) : said.lines.map(visible).join('\n')
  process.stdout.write(`${text}\n`)
}

/** A line for a terminal: what came from elsewhere must not steer it. */
const visible = (line: string): string => line.replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, '\u{fffd}')

/** Rows in columns, with a head; the last column is as long as it is. */
export function columns(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  const all = [head, ...rows]
  const widths = head.map((_, at) => Math.max(...all.map((cells) => [...(cells[at] ?? '')].length)))
  const padded = (cell: string, at: number) =>
    cell + ' '.repeat((widths[at] ?? 0) - [...cell].length)
  return all.map((cells) => cells.map(padded).join('  ').trimEnd())
}

/** What needs a secret, one phrase each. */
export function needs({ sessions, devices, keys, passwords }: KeyUses): string[] {
  const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? '' : 's'}`
  const until = (at: number | null) => (at === null ? '' : `, until ${new Date(at).toISOString()}`)
  const all: [number, string][] = [
    [sessions.count, counted(sessions.count, 'live session') + until(sessions.until)],
    [devices.count, counted(devices.count, 'trusted device') + until(devices.until)],
    [keys.count, counted(keys.count, 'API key') + until(keys.until)],
    [passwords, `${counted(passwords, 'password')}, each until its owner next signs in`],
  ]
  return all.filter(([count]) => count > 0).map(([, phrase]) => phrase)
}

/** Who is recorded. In a container the user may have a number and no name. */
export function operatorName(): string {
  try {
    return `operator:${userInfo().username}`
  } catch {
    return `operator:${process.getuid?.() ?? 'unknown'}`
  }
}

/** Said below a list that goes on. */
export const ending = (more: boolean): string[] =>
  more ? ['There are more: --limit says how many to list.'] : []
