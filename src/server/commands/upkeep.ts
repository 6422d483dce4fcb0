/**
 * `sallyport migrate`, `backup` and `restore`: the database as a whole.
 *
 * @module
 */
import { statSync } from 'node:fs'
import type { Command } from 'commander'
import { migrateDatabase, pendingMigrations, restore, restoredInPlace } from '../../index.ts'
import { type Answer, answer, operatorName, told } from '../answer.ts'
import { type Flags, operates, settingsOf } from '../command-line.ts'
import { during } from '../progress.ts'

/** Adds the commands to the program. */
export function addUpkeepCommands(program: Command): void {
  operates(program, 'migrate', 'Brings the schema of the database up to date, as serve does.')
    .option('--status', 'only say what there is to do; exit code 1 when there is anything')
    .action((flags: Flags) => told(flags, () => (flags.status ? status(flags) : migrate(flags))))

  operates(
    program,
    'backup <file>',
    'Copies the SQLite database into a file, while servers run.',
  ).action((file: string, flags: Flags) =>
    answer(flags, async (operator) => {
      await during('Copying and checking', () => operator.backUp(file))
      const { size } = statSync(file)
      const lines = [
        `${file} holds everything but the root secret (${megabytes(size)}).`,
        'Keep the secret apart from it: each is worth little without the other.',
      ]
      return { json: { file, bytes: size }, lines }
    }),
  )

  operates(program, 'restore [file]', 'Puts a backup in place; every earlier session is over.')
    .option('--replace', 'put the database aside that is there')
    .option('--in-place', 'the database was put back by its own tools (PostgreSQL)')
    .action((file: string | undefined, flags: Flags, command: Command) => {
      if ((file === undefined) !== !!flags.inPlace)
        command.error('error: name a file, or say --in-place')
      return told(flags, () => putBack(file, flags))
    })
}

async function status(flags: Flags): Promise<Answer> {
  const found = await pendingMigrations(settingsOf(flags))
  const { done, pending, unknown } = found
  if (pending.length + unknown.length > 0) process.exitCode = 1
  const lines = [
    ...done.map((name) => `${name}  done`),
    ...pending.map((name) => `${name}  to be done: sallyport migrate`),
    ...unknown.map((name) => `${name}  of a newer Sallyport: run that one`),
  ]
  return { json: found, lines }
}

async function migrate(flags: Flags): Promise<Answer> {
  const done = await during('Migrating', () => migrateDatabase(settingsOf(flags)))
  const lines = done.length === 0 ? ['Up to date.'] : done.map((name) => `${name}  done`)
  return { json: { done }, lines }
}

async function putBack(from: string | undefined, flags: Flags): Promise<Answer> {
  const said = settingsOf(flags)
  const actor = operatorName()
  const { file, before } = await during('Checking, copying and voiding', () =>
    from === undefined
      ? restoredInPlace(said, actor)
      : restore(said, { from, replace: !!flags.replace }, actor),
  )
  const lines = [
    file === undefined ? 'Done.' : `${file} is in place.`,
    ...(before === undefined ? [] : [`What stood there is kept as ${before}.`]),
    'Every session is over; trusted devices and temporary passwords are void.',
    'People, passwords and API keys are as they were: end once more what was ended since.',
  ]
  return { json: { file: file ?? null, before: before ?? null }, lines }
}

const megabytes = (bytes: number): string => `${(bytes / 1_048_576).toFixed(1)} MB`
