/**
 * Settings on the command line: every command that opens an instance takes the same flags.
 *
 * @module
 */
import { type Command, Option } from 'commander'
import { flagName } from '../index.ts'
import { allPaths, type Sources } from './configuration.ts'

/** What commander hands to an action. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>

/** Lets a command take every setting there is. */
export function takesSettings(command: Command): Command {
  command.option('--config <file>', 'read settings from this file')
  // commander would make names of its own; the attribute is the setting's path.
  for (const path of allPaths) {
    const option = new Option(`${flagName(path)} <value>`)
    command.addOption(command.name() === 'serve' ? option : option.hideHelp())
  }
  return command
}

/** Where the settings of a command come from. @param unknown What else stood on the command line. */
export function sourcesOf(flags: Flags, unknown: readonly string[] = []): Sources {
  const { config } = flags
  return {
    flags: flagsIn(flags),
    unknown,
    environment: process.env,
    folder: process.cwd(),
    config: typeof config === 'string' ? config : undefined,
  }
}

/** `--session-limit-policy` → `session.limitPolicy`. */
function flagsIn(flags: Flags): Record<string, string> {
  return Object.fromEntries(
    allPaths.flatMap((path) => {
      const name = new Option(`${flagName(path)} <value>`).attributeName()
      const value = flags[name]
      return typeof value === 'string' ? [[path, value]] : []
    }),
  )
}
