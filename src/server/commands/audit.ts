/**
 * `sallyport audit`: what was recorded, a copy of it, and whether it is what was recorded.
 *
 * @module
 */
import { once } from 'node:events'
import { createReadStream } from 'node:fs'
import { createInterface } from 'node:readline'
import type { Command } from 'commander'
import { z } from 'zod'
import {
  type Auditor,
  type CarriedCheckpoint,
  OperatorRefusal,
  openAuditor,
  type RecordsWanted,
} from '../../index.ts'
import { type Answer, columns, ending, operatorName, told } from '../answer.ts'
import { type Flags, limitOption, operates, settingsOf, textOf } from '../command-line.ts'
import { progressOf } from '../progress.ts'

/** Adds the commands to the program. */
export function addAuditCommands(program: Command): void {
  const audit = program.command('audit').description('Shows, copies and verifies the records.')

  narrows(operates(audit, 'list', 'Lists what was recorded, newest first.'))
    .addOption(limitOption())
    .action((flags: Flags) => audited(flags, (auditor) => list(auditor, flags)))
  narrows(
    operates(audit, 'export', 'Writes the records as JSON lines, oldest first; that is recorded.'),
  ).action((flags: Flags) =>
    audited(flags, async (auditor) => {
      await write(auditor.exported(wantedIn(flags)), !!flags.json)
      return undefined
    }),
  )
  operates(
    audit,
    'verify',
    'Holds every record against what seals it; exit code 1 when one is wrong.',
  )
    .option(
      '--checkpoints <file...>',
      'logs, or lines of them, with checkpoints that were carried away',
    )
    .action((flags: Flags & { readonly checkpoints?: readonly string[] }) =>
      told(flags, async () => {
        // Read first: none of them is younger than what is looked at.
        const outside = await checkpointsIn(flags.checkpoints ?? [])
        return opened(flags, (auditor) => verify(auditor, outside))
      }),
    )
}

const narrows = (command: Command): Command =>
  command
    .option('--type <event>', 'an event, or the word before its dot')
    .option('--user <id>', 'about or by the person with this id')
    .option('--from <instant>', 'not earlier')
    .option('--to <instant>', 'earlier')

const wantedIn = (flags: Flags): RecordsWanted => ({
  type: textOf(flags, 'type'),
  user: textOf(flags, 'user'),
  from: textOf(flags, 'from'),
  to: textOf(flags, 'to'),
})

type Work = (auditor: Auditor) => Promise<Answer | undefined>

const audited = (flags: Flags, work: Work): Promise<void> => told(flags, () => opened(flags, work))

async function opened(flags: Flags, work: Work): Promise<Answer | undefined> {
  const auditor = await openAuditor(settingsOf(flags), operatorName())
  try {
    return await work(auditor)
  } finally {
    await auditor.close()
  }
}

async function list(auditor: Auditor, flags: Flags): Promise<Answer> {
  const found = await auditor.list(wantedIn(flags), Number(flags.limit))
  if (found.items.length === 0) return { json: found, lines: ['Nothing was recorded.'] }
  const rows = found.items.map(({ at, type, actor, subject, address, reason }) => [
    ...[at, type, actor, subject ?? '', address ?? '', reason ?? ''],
  ])
  const head = ['at', 'event', 'by', 'about', 'from', 'reason']
  return { json: found, lines: [...columns(head, rows), ...ending(found.more)] }
}

/** Writes the records to standard output, no faster than they are taken. */
async function write(slices: ReturnType<Auditor['exported']>, json: boolean): Promise<void> {
  const { stdout } = process
  // Whoever read it has gone.
  stdout.on('error', () => process.exit(1))
  const say = async (text: string) => {
    if (!stdout.write(text)) await once(stdout, 'drain')
  }
  // Whoever has the lines on the screen sees how far they are.
  const progress = stdout.isTTY ? undefined : progressOf('records')
  let count = 0
  try {
    if (json) await say('{"items":[')
    for await (const slice of slices) {
      const lines = slice.map((one) => JSON.stringify(one))
      if (lines.length === 0) continue
      await say(json ? (count > 0 ? ',' : '') + lines.join(',') : `${lines.join('\n')}\n`)
      count += lines.length
      progress?.to(count)
    }
    if (json) await say(']}\n')
  } finally {
    progress?.over()
  }
}

async function verify(auditor: Auditor, outside: readonly CarriedCheckpoint[]): Promise<Answer> {
  const progress = progressOf('records')
  const found = await auditor.verify(outside, progress.to).finally(progress.over)
  const { intact, rows, chains, checkpoints, knownUntil, faults } = found
  if (!intact) process.exitCode = 1
  const counted = `${rows} records in ${chains} chains, ${checkpoints} checkpoints`
  const carried = knownUntil
    ? `the last checkpoint given, of ${knownUntil}`
    : 'a checkpoint that was carried away, and none was given (--checkpoints <file>)'
  return {
    json: found,
    lines: [
      intact ? `Intact: ${counted}.` : `Not what was recorded. Looked at: ${counted}.`,
      ...faults.map(
        ({ chain, seq, at, id, detail }) =>
          `Record ${seq} of chain ${chain}${id ? ` (${id}, ${at})` : ''}: ${detail}`,
      ),
      `A cut at the end of a chain with the end put back is found only up to ${carried}.`,
    ],
  }
}

const Carried = z.object({
  chain: z.string(),
  seq: z.int(),
  at: z.iso.datetime(),
  mac: z.string(),
  seal: z.string(),
})

/** The checkpoints in logs: a line may hold one anywhere behind its first brace. */
async function checkpointsIn(files: readonly string[]): Promise<CarriedCheckpoint[]> {
  const found: CarriedCheckpoint[] = []
  for (const file of files) {
    const before = found.length
    try {
      for await (const line of createInterface({ input: createReadStream(file) })) {
        const carried = line.includes('"seal"') ? checkpointIn(line) : undefined
        if (carried) found.push(carried)
      }
    } catch {
      throw new OperatorRefusal(`${file} cannot be read.`)
    }
    if (found.length === before) throw new OperatorRefusal(`There is no checkpoint in ${file}.`)
  }
  return found
}

function checkpointIn(line: string): CarriedCheckpoint | undefined {
  try {
    const value: unknown = JSON.parse(line.slice(line.indexOf('{')))
    const inside = Object(value).checkpoint ?? value
    return Carried.safeParse(inside).data
  } catch {
    return undefined
  }
}
