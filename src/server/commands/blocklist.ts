/**
 * `sallyport blocklist build`: a list of stolen passwords made into the file that `password.breachFile`
 * names. It opens no instance.
 *
 * @module
 */
import type { Command } from 'commander'
import { buildBreachFile, OperatorRefusal } from '../../index.ts'
import { told } from '../answer.ts'
import type { Flags } from '../command-line.ts'
import { progressOf } from '../progress.ts'

/** Adds the command to the program. */
export function addBlocklistCommand(program: Command): void {
  program
    .command('blocklist')
    .description('Passwords that nobody may choose, besides the common ones.')
    .command('build <passwords> <file>')
    .description('Makes a breach file of a list of passwords or SHA-1 hashes, one a line.')
    .option('--json', 'print one JSON document')
    .action((passwords: string, file: string, flags: Flags) =>
      told(flags, async () => {
        const progress = progressOf('lines')
        const made = await buildBreachFile(passwords, file, progress.to)
          .catch((error: Error) => {
            throw new OperatorRefusal(error.message)
          })
          .finally(progress.over)
        const lines = [
          `${file} knows ${made.passwords} passwords (${made.bytes} bytes).`,
          'Name it in password.breachFile.',
        ]
        return { json: { file, ...made }, lines }
      }),
    )
}
