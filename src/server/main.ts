/**
 * The command line: arguments to a command. Exits 0 when done, 1 on a refusal, 2 on wrong usage or
 * settings nothing can start with.
 *
 * @module
 */
import { Command, CommanderError, Option } from 'commander'
import { flagName, SettingsError } from '../index.ts'
import { allPaths, type Sources } from './configuration.ts'
import { check, serve } from './serve.ts'

const program = new Command('sallyport')
  .description('Sign-in you run yourself.')
  .exitOverride()
  .configureOutput({
    // What stands behind a flag nobody knows may be a secret.
    writeErr: (text) => process.stderr.write(text.replace(/=[^']*'/g, "'")),
  })

const serving = program
  .command('serve')
  .description('Serves the API and the dashboard.')
  .option('--config <file>', 'read settings from this file')
  .option('--check', 'say what is wrong with the settings, and exit')
  // Told with everything else that is wrong, not before it.
  .allowUnknownOption()
  .allowExcessArguments()

// commander would make names of its own; the attribute is the setting's path.
for (const path of allPaths) serving.addOption(new Option(`${flagName(path)} <value>`))

serving.action(async (options: Record<string, string | boolean | undefined>) => {
  const { check: onlyCheck, config } = options
  const sources: Sources = {
    flags: flagsIn(options),
    unknown: serving.args,
    environment: process.env,
    folder: process.cwd(),
    config: typeof config === 'string' ? config : undefined,
  }
  if (!onlyCheck) return serve(sources)
  await check(sources)
  process.stdout.write('Settings are good.\n')
})

/** `--session-limit-policy` → `session.limitPolicy`. */
function flagsIn(options: Record<string, string | boolean | undefined>): Record<string, string> {
  return Object.fromEntries(
    allPaths.flatMap((path) => {
      const name = new Option(`${flagName(path)} <value>`).attributeName()
      const value = options[name]
      return typeof value === 'string' ? [[path, value]] : []
    }),
  )
}

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
