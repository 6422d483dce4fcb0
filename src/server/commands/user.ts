/**
 * `sallyport user`: who may sign in. The way back in for whoever is locked out, too: the operator
 * needs no session.
 *
 * @module
 */
import type { Command } from 'commander'
import type { Created, PeopleOperator, Reset, User } from '../../index.ts'
import { type Answer, answer, columns, ending } from '../answer.ts'
import { type Flags, limitOption, operates, textOf } from '../command-line.ts'
import { confirmed, newPassword } from '../prompt.ts'
import { addImportCommand } from './import.ts'
import { keyLines } from './key.ts'
import { sessionLines } from './session.ts'

/** Adds the commands to the program. */
export function addUserCommands(program: Command): void {
  const user = program.command('user').description('Adds people, changes and unlocks them.')
  /** A command about one person. */
  const about = (
    usage: string,
    description: string,
    work: (people: PeopleOperator, name: string) => Promise<Answer>,
  ) =>
    operates(user, `${usage} <name>`, description).action((name: string, flags: Flags) =>
      answer(flags, async (operator) => work(await operator.people(), name)),
    )

  operates(user, 'create <name>', 'Adds somebody, with a password that is good for a day.')
    .requiredOption('--role <role>', 'owner, admin, member or viewer')
    .option('--display-name <text>', 'what others are shown')
    .option('--password', 'ask for the password, or read it from a pipe, instead of making one')
    .action((name: string, flags: Flags) =>
      answer(flags, async (operator) => create(await operator.people(), name, flags)),
    )
  addImportCommand(user)
  operates(user, 'list', 'Lists people, newest first.')
    .option('--query <text>', 'only those whose name contains this')
    .addOption(limitOption())
    .action((flags: Flags) =>
      answer(flags, async (operator) => list(await operator.people(), flags)),
    )
  about('show', 'Says who somebody is, with sessions and API keys.', show)
  about('disable', 'Lets somebody sign in no more; all sessions are over.', (people, name) =>
    change(people, name, { disabled: true }, 'may not sign in any more; all sessions are over.'),
  )
  about('enable', 'Lets somebody sign in again.', (people, name) =>
    change(people, name, { disabled: false }, 'may sign in.'),
  )
  operates(user, 'role <name> <role>', 'Gives somebody another role.').action(
    (name: string, role: string, flags: Flags) =>
      answer(flags, async (operator) =>
        change(await operator.people(), name, { role }, `is ${role}.`),
      ),
  )
  about('unlock', 'Lifts the rest of a name after wrong passwords.', unlock)
  about(
    'reset-password',
    'Gives somebody a password that is good for a day; all sessions are over.',
    reset,
  )
  operates(user, 'delete <name>', 'Deletes somebody for good; all sessions are over.')
    .option('--yes', 'do not ask')
    .action((name: string, flags: Flags, command: Command) =>
      answer(flags, async (operator) => {
        const people = await operator.people()
        if (!flags.yes) {
          const { user } = await people.showUser(name)
          const sure = await confirmed(
            `Delete ${user.username} for good? Type the name: `,
            user.username,
          )
          if (sure === undefined) command.error('error: nobody is here to ask; say --yes')
          if (!sure) return { json: { deleted: null }, lines: ['Nobody was deleted.'] }
        }
        const user = await people.deleteUser(name)
        return { json: { deleted: user }, lines: [`${user.username} is deleted.`] }
      }),
    )
}

async function create(people: PeopleOperator, username: string, flags: Flags): Promise<Answer> {
  const created = await people.createUser({
    username,
    role: textOf(flags, 'role') ?? '',
    displayName: textOf(flags, 'displayName'),
    password: flags.password ? await newPassword() : undefined,
  })
  const { user } = created
  return { json: created, lines: [`${user.username} is there, as ${user.role}.`, ...once(created)] }
}

/** A password that is told this once. */
const once = ({ temporaryPassword }: Pick<Created, 'temporaryPassword'> | Reset): string[] => [
  ...(temporaryPassword === undefined ? [] : [`Temporary password: ${temporaryPassword}`]),
  'It signs in for a day, for nothing but choosing another.',
]

async function list(people: PeopleOperator, flags: Flags): Promise<Answer> {
  const query = textOf(flags, 'query')
  const found = await people.listUsers({ query, limit: Number(flags.limit) })
  const rows = found.items.map((user) => [
    user.username,
    user.role,
    stateOf(user),
    user.lastLoginAt ?? 'never',
    user.displayName ?? '',
  ])
  const head = ['name', 'role', 'state', 'last signed in', 'display name']
  const nobody = ['There is nobody.']
  const lines = rows.length === 0 ? nobody : [...columns(head, rows), ...ending(found.more)]
  return { json: found, lines }
}

const stateOf = ({ disabled, mustChangePassword }: User): string =>
  disabled ? 'disabled' : mustChangePassword ? 'must choose a password' : 'active'

async function show(people: PeopleOperator, name: string): Promise<Answer> {
  const found = await people.showUser(name)
  const { user, sessions, keys } = found
  const rows = [
    ['id', user.id],
    ['role', user.role],
    ['scopes', user.scopes.map(({ role, scope }) => `${role} in ${scope}`).join(', ') || 'none'],
    ['state', stateOf(user)],
    ['added', user.createdAt],
    ['last signed in', user.lastLoginAt ?? 'never'],
    ['display name', user.displayName ?? ''],
  ]
  const lines = [...columns(['name', user.username], rows), '']
  return { json: found, lines: [...lines, ...sessionLines(sessions), '', ...keyLines(keys)] }
}

async function change(
  people: PeopleOperator,
  name: string,
  asked: { readonly role?: string; readonly disabled?: boolean },
  told: string,
): Promise<Answer> {
  const user = await people.changeUser(name, asked)
  return { json: { user }, lines: [`${user.username} ${told}`] }
}

async function unlock(people: PeopleOperator, name: string): Promise<Answer> {
  const user = await people.unlockUser(name)
  return { json: { user }, lines: [`Wrong passwords keep ${user.username} out no more.`] }
}

async function reset(people: PeopleOperator, name: string): Promise<Answer> {
  const done = await people.resetPassword(name)
  return { json: done, lines: once(done) }
}
