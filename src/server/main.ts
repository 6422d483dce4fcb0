/**
 * The command line: arguments to a command. Exits 0 when done, 1 on a refusal, 2 on wrong usage or
 * settings nothing can start with.
 *
 * @module
 */
import { CommanderError } from 'commander'
import { SettingsError } from '../index.ts'
import { programOf } from './program.ts'

try {
  await programOf().parseAsync()
} catch (error) {
  process.exitCode = exitCodeOf(error)
}

function exitCodeOf(error: unknown): number {
  // Commander has said what is wrong, or has printed what was asked for.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2
  const told = error instanceof Error ? error.message : String(error)
  process.stderr.write(`${told}\n`)
  return error instanceof SettingsError ? 2 : 1
}
