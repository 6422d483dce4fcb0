/**
 * `sallyport session`: who is signed in where, and an end to it.
 *
 * @module
 */
import type { Command } from 'commander'
import type { Listed, PeopleOperator, Session } from '../../index.ts'
import { type Answer, answer, columns, ending } from '../answer.ts'
import { type Flags, limitOption, operates, textOf } from '../command-line.ts'

/** Adds the commands to the program. */
export function addSessionCommands(program: Command): void {
  const session = program.command('session').description('Sees and ends sessions.')

  operates(session, 'list', 'Lists live sessions, newest first.')
    .option('--user <name>', 'only those of this person')
    .addOption(limitOption())
    .action((flags: Flags) =>
      answer(flags, async (operator) => list(await operator.people(), flags)),
    )

  operates(session, 'revoke [id]', 'Ends a session, or all of a person, on every server.')
    .option('--user <name>', 'end all sessions of this person')
    .action((id: string | undefined, flags: Flags, command: Command) => {
      const user = textOf(flags, 'user')
      return answer(flags, async (operator) => {
        if (id !== undefined && user === undefined) return revoke(await operator.people(), id)
        if (user !== undefined && id === undefined) return revokeAll(await operator.people(), user)
        return command.error('error: name one session by its id, or one person with --user')
      })
    })
}

async function list(people: PeopleOperator, flags: Flags): Promise<Answer> {
  const asked = { user: textOf(flags, 'user'), limit: Number(flags.limit) }
  const found = await people.listSessions(asked)
  return { json: found, lines: sessionLines(found) }
}

/** Sessions in columns. */
export function sessionLines({ items, more }: Listed<Session>): string[] {
  if (items.length === 0) return ['Nobody is signed in.']
  const rows = items.map(({ id, username, device, address, createdAt, lastActiveAt }) => {
    const where = [device.browser, device.os].filter((known) => known !== null).join(' on ')
    return [id, username, createdAt, lastActiveAt, address, where || '–']
  })
  const head = ['id', 'person', 'signed in', 'last active', 'address', 'where']
  return [...columns(head, rows), ...ending(more)]
}

async function revoke(people: PeopleOperator, id: string): Promise<Answer> {
  await people.revokeSession(id)
  return { json: { revoked: 1 }, lines: [`Session ${id} is over, on every server.`] }
}

async function revokeAll(people: PeopleOperator, name: string): Promise<Answer> {
  const { revoked } = await people.revokeSessions(name)
  const count = `${revoked} session${revoked === 1 ? '' : 's'}`
  return { json: { revoked }, lines: [`${count} of ${name} ended, on every server.`] }
}
