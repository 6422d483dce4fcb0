/**
 * `sallyport secret`: which root secrets there are, a new one, and the end of an old one.
 *
 * @module
 */
import type { Command } from 'commander'
import type { Operator, SecretStatus } from '../../index.ts'
import { type Answer, answer, needs } from '../answer.ts'
import { type Flags, operates } from '../command-line.ts'

/** Adds the commands to the program. */
export function addSecretCommands(program: Command): void {
  const secret = program.command('secret').description('Keeps the root secret.')

  operates(secret, 'status', 'Says which secrets there are and what still needs each.').action(
    (flags: Flags) => answer(flags, status),
  )
  operates(secret, 'rotate', 'Puts a new secret in front; nobody is signed out.')
    .option('--emergency', 'the old ones may be known to somebody: end every session')
    .action((flags: Flags) => answer(flags, (operator) => rotate(operator, !!flags.emergency)))
  operates(secret, 'retire <id>', 'Takes a secret out of use that nothing needs any more.')
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
