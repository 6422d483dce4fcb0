/**
 * `sallyport user import`: people of another program, one a line, with the hashes of their passwords.
 * A line that cannot be used is told by its number and loses nothing but itself.
 *
 * @module
 */
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import { z } from 'zod'
import { OperatorRefusal, type PeopleOperator } from '../../index.ts'
import { type Answer, answer } from '../answer.ts'
import { type Flags, operates } from '../command-line.ts'
import { progressOf } from '../progress.ts'

const Coming = z.strictObject({
  username: z.string(),
  passwordHash: z.string().max(1024),
  role: z.string().default('member'),
  displayName: z.string().optional(),
  disabled: z.boolean().optional(),
})

interface Refused {
  readonly line: number
  readonly why: string
}

/** So many lines that cannot be used are told one by one. */
const mostTold = 1_000

/** Adds the command to `sallyport user`. */
export function addImportCommand(user: Command): void {
  operates(
    user,
    'import <file>',
    'Brings people in from JSON lines, with their password hashes.',
  ).action((file: string, flags: Flags) =>
    answer(flags, async (operator) => bringIn(await operator.people(), file)),
  )
}

async function bringIn(people: PeopleOperator, file: string): Promise<Answer> {
  const refused: Refused[] = []
  let [added, present, wrong, line] = [0, 0, 0, 0]
  const progress = progressOf('lines')
  try {
    for await (const text of linesOf(file)) {
      progress.to(++line)
      if (text.trim() === '') continue
      const done = await one(people, text)
      if (done === 'added') added++
      else if (done === 'present') present++
      else {
        wrong++
        if (refused.length < mostTold) refused.push({ line, why: done.why })
      }
    }
  } finally {
    progress.over()
  }
  if (wrong > 0) process.exitCode = 1
  const lines = [
    ...refused.map((no) => `line ${no.line}: ${no.why}`),
    ...(wrong > refused.length ? [`and ${wrong - refused.length} more lines`] : []),
    `Added ${added}, there already ${present}, not usable ${wrong}.`,
    ...(wrong > 0 ? ['Mend those lines and run it again: who is there stays as he is.'] : []),
  ]
  return { json: { added, present, refused: wrong, lines: refused }, lines }
}

/** @returns What is wrong, without anything of the line: it holds a hash. */
async function one(
  people: PeopleOperator,
  text: string,
): Promise<'added' | 'present' | { readonly why: string }> {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return { why: 'is not JSON.' }
  }
  const read = Coming.safeParse(value)
  if (!read.success) {
    const faults = read.error.issues.map(({ path, code }) =>
      path.length > 0
        ? `${path.join('.')}: is missing, or not of its kind`
        : code === 'unrecognized_keys'
          ? 'has a field that is unknown'
          : 'is not an object',
    )
    return { why: `${faults.join('; ')}.` }
  }
  try {
    return (await people.importUser(read.data)) ? 'added' : 'present'
  } catch (error) {
    // Of one person; when nobody can be brought in at all, that is the answer of the command.
    if (error instanceof OperatorRefusal && error.code === 'validation_failed')
      return { why: error.message.replaceAll('\n', ' ') }
    throw error
  }
}

async function* linesOf(file: string): AsyncGenerator<string> {
  const input = createReadStream(file)
  const failed = new Promise<never>((_, reject) =>
    input.once('error', ({ code }: NodeJS.ErrnoException) =>
      reject(new OperatorRefusal(`${file} cannot be read (${code}).`)),
    ),
  )
  failed.catch(() => {})
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY })
  const iterator = lines[Symbol.asyncIterator]()
  try {
    for (;;) {
      const next = await Promise.race([iterator.next(), failed])
      if (next.done) break
      yield next.value
    }
  } finally {
    lines.close()
    input.destroy()
  }
}
