/**
 * The command line: arguments to a command. Exits 0 when done, 1 on a refusal, 2 on wrong usage or
 * settings nothing can start with.
 *
 * @module
 */
import { Command, CommanderError } from 'commander'
import { SettingsError } from '../index.ts'
import { type Flags, sourcesOf, takesSettings } from './command-line.ts'
import { addSecretCommands } from './commands/secret.ts'
import { addSessionCommands } from './commands/session.ts'
import { check, serve } from './serve.ts'

const program = new Command('sallyport')
  .description('Sign-in you run yourself.')
  .exitOverride()
  .configureOutput({
    // What stands behind a flag nobody knows may be a secret.
    writeErr: (text) => process.stderr.write(text.replace(/=[^']*'/g, "'")),
  })

const serving = takesSettings(
  program.command('serve').description('Serves the API and the dashboard.'),
)
  .option('--check', 'say what is wrong with the settings, and exit')
  // Told with everything else that is wrong, not before it.
  .allowUnknownOption()
  .allowExcessArguments()

serving.action(async (flags: Flags) => {
  const sources = sourcesOf(flags, serving.args)
  if (!flags.check) return serve(sources)
  await check(sources)
  process.stdout.write('Settings are good.\n')
})

addSessionCommands(program)
addSecretCommands(program)

try {
  await program.parseAsync()
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
