/**
 * Settings on the command line: every command that opens an instance takes the same flags.
 *
 * @module
 */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { flagName, type Said, SettingsError } from '../index.ts'
import { allPaths, configure, type Sources } from './configuration.ts'

/** What commander hands to an action. */
export type Flags = Readonly<Record<string, string | boolean | undefined>>

/** Lets a command take every setting there is. */
export const takesSettings = (command: Command): Command => addSettings(takesFile(command))

const takesFile = (command: Command): Command =>
  command.option('--config <file>', 'read settings from this file')

function addSettings(command: Command, hidden = false): Command {
  // commander would make names of its own; the attribute is the setting's path.
  for (const path of allPaths) {
    const option = new Option(`${flagName(path)} <value>`)
    command.addOption(hidden ? option.hideHelp() : option)
  }
  return command
}

/** Adds a command that opens the instance: it takes the settings of `serve`, and `--json`. */
export function operates(parent: Command, usage: string, description: string): Command {
  const command = takesFile(parent.command(usage).description(description))
  // Some sixty flags for each of two dozen commands: only the one that is asked for needs them.
  parent.hook('preSubcommand', (_, asked) => {
    if (asked === command) addSettings(command, true)
  })
  return command.option('--json', 'print one JSON document')
}

/** How many rows a list says at most. */
export const limitOption = (): Option =>
  new Option('--limit <rows>', 'at most so many').default('100').argParser((text: string) => {
    if (!/^[1-9]\d{0,8}$/.test(text)) throw new InvalidArgumentError('Give a number from 1 on.')
    return text
  })

/** What was given with a flag that takes a value. */
export const textOf = (flags: Flags, name: string): string | undefined => {
  const value = flags[name]
  return typeof value === 'string' ? value : undefined
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

/** The settings of a command. @throws {SettingsError} For those that are the server's alone, too. */
export function settingsOf(flags: Flags): readonly Said[] {
  const { said, complaints } = configure(sourcesOf(flags))
  if (complaints.length > 0) throw new SettingsError(complaints)
  return said
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
