/**
 * The program: every command there is, and what each takes.
 *
 * @module
 */
import { Command } from 'commander'
import { type Flags, sourcesOf, takesSettings } from './command-line.ts'
import { addAuditCommands } from './commands/audit.ts'
import { addBlocklistCommand } from './commands/blocklist.ts'
import { addDoctorCommand } from './commands/doctor.ts'
import { addKeyCommands } from './commands/key.ts'
import { addSecretCommands } from './commands/secret.ts'
import { addSessionCommands } from './commands/session.ts'
import { addUpkeepCommands } from './commands/upkeep.ts'
import { addUserCommands } from './commands/user.ts'
import { check, serve } from './serve.ts'

/** Made anew each time: commander keeps what it has parsed. */
export function programOf(): Command {
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

  addUserCommands(program)
  addBlocklistCommand(program)
  addSessionCommands(program)
  addKeyCommands(program)
  addSecretCommands(program)
  addAuditCommands(program)
  addUpkeepCommands(program)
  addDoctorCommand(program)
  return program
}
