/**
 * `sallyport secret`: which root secrets there are, a new one, and the end of an old one.
 *
 * @module
 */
import { userInfo } from 'node:os'
import type { Command } from 'commander'
import {
  type KeyUses,
  type Operator,
  OperatorRefusal,
  openOperator,
  type SecretStatus,
  SettingsError,
} from '../../index.ts'
import { type Flags, sourcesOf, takesSettings } from '../command-line.ts'
import { configure } from '../configuration.ts'

/** What a command says: to people, or as one JSON document. */
interface Answer {
  readonly json: object
  readonly lines: readonly string[]
}

/** Adds the commands to the program. */
export function addSecretCommands(program: Command): void {
  const secret = program.command('secret').description('Keeps the root secret.')
  const command = (usage: string, description: string) =>
    takesSettings(secret.command(usage).description(description)).option(
      '--json',
      'print one JSON document',
    )

  command('status', 'Says which secrets there are and what still needs each.').action(
    (flags: Flags) => answer(flags, status),
  )
  command('rotate', 'Puts a new secret in front; nobody is signed out.')
    .option('--emergency', 'the old ones may be known to somebody: end every session')
    .action((flags: Flags) => answer(flags, (operator) => rotate(operator, !!flags.emergency)))
  command('retire <id>', 'Takes a secret out of use that nothing needs any more.')
    .option('--lost', 'it is nowhere any more: give up what needs it')
    .action((id: string, flags: Flags) =>
      answer(flags, (operator) => (flags.lost ? giveUp(operator, id) : retire(operator, id))),
    )
}

async function status(operator: Operator): Promise<Answer> {
  const found = await operator.secretStatus()
  const file = found.file ?? null
  return { json: { ...found, file }, lines: table(found) }
}

const meaning = {
  active: 'in use',
  verifying: 'checks what it made',
  'passwords-only': 'leaked: knows passwords, nothing else',
  'audit-only': 'retired: checks records',
} as const

function table({ file, generations }: SecretStatus): string[] {
  return [
    file === undefined ? 'The secret is given as text.' : `The secret stands in ${file}.`,
    ...generations.flatMap(({ id, state, uses }) => [
      `${id}  ${meaning[state]}`,
      ...(state === 'active' ? [] : needs(uses).map((need) => `          needed by ${need}`)),
      ...(state === 'verifying' && needs(uses).length === 0
        ? [
            `          needed by nothing: sallyport secret retire ${id.startsWith('-') ? '-- ' : ''}${id}`,
          ]
        : []),
    ]),
  ]
}

async function rotate(operator: Operator, emergency: boolean): Promise<Answer> {
  const { active, file } = await operator.rotateSecret(emergency)
  const lines = [
    `Secret ${active} is in use, first in ${file}.`,
    emergency
      ? 'Every session is over. The old secrets only know passwords now.'
      : 'The old ones go on checking what they made: nobody is signed out.',
    'Running servers that read this file pick it up within seconds, or at once on SIGHUP.',
    `Give every other node the same ${file}. Until it has it, a node takes no sign-ins and answers 503 to what was made under the new secret.`,
  ]
  return { json: { active, file, emergency }, lines }
}

async function retire(operator: Operator, id: string): Promise<Answer> {
  const { file } = await operator.retireSecret(id)
  const lines = [
    `Secret ${id} is retired. It stays in ${file}, marked audit-only: it checks the records sealed under it.`,
    `Give every other node the same ${file}.`,
  ]
  return { json: { retired: id, file }, lines }
}

async function giveUp(operator: Operator, id: string): Promise<Answer> {
  const { uses } = await operator.giveUpSecret(id)
  const { passwords, keys } = uses
  const lines = [
    `Secret ${id} is given up.`,
    `Passwords that are worth nothing now, until somebody resets them: ${passwords}. API keys: ${keys.count}.`,
  ]
  return { json: { retired: id, lost: true, passwords, keys: keys.count }, lines }
}

/** What needs a secret, one phrase each. */
function needs({ sessions, devices, keys, passwords }: KeyUses): string[] {
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

async function answer(flags: Flags, work: (operator: Operator) => Promise<Answer>): Promise<void> {
  const { said, complaints } = configure(sourcesOf(flags))
  if (complaints.length > 0) throw new SettingsError(complaints)
  const operator = await openOperator(said, `operator:${osUser()}`)
  try {
    print(flags, await work(operator))
  } catch (error) {
    if (!(error instanceof OperatorRefusal)) throw error
    const { message, uses } = error
    const why = uses ? needs(uses).map((need) => `It is needed by ${need}.`) : []
    if (flags.json) print(flags, { json: { refused: message, ...(uses && { uses }) }, lines: [] })
    else process.stderr.write([message, ...why, ''].join('\n'))
    process.exitCode = 1
  } finally {
    await operator.close()
  }
}

function print({ json }: Flags, said: Answer): void {
  process.stdout.write(json ? `${JSON.stringify(said.json)}\n` : `${said.lines.join('\n')}\n`)
}

/** In a container the user may have a number and no name. */
function osUser(): string {
  try {
    return userInfo().username
  } catch {
    return String(process.getuid?.() ?? 'unknown')
  }
}
