/**
 * `sallyport key`: API keys of people, made and ended for them.
 *
 * @module
 */
import { type Command, InvalidArgumentError } from 'commander'
import type { ApiKey, Listed, PeopleOperator } from '../../index.ts'
import { type Answer, answer, columns, ending } from '../answer.ts'
import { type Flags, limitOption, operates, textOf } from '../command-line.ts'

/** Adds the commands to the program. */
export function addKeyCommands(program: Command): void {
  const key = program.command('key').description('Makes, lists and ends API keys.')

  operates(key, 'issue <user>', 'Makes a key for somebody. Its secret is said once.')
    .requiredOption('--name <text>', 'what to tell it by')
    .requiredOption('--scopes <list>', 'what it may do, with commas between: users:read,audit:read')
    .option('--days <count>', 'for how long it lives', days, '90')
    .action((user: string, flags: Flags) =>
      answer(flags, async (operator) => issue(await operator.people(), user, flags)),
    )
  operates(key, 'list <user>', 'Lists the keys of somebody.')
    .addOption(limitOption())
    .action((user: string, flags: Flags) =>
      answer(flags, async (operator) => list(await operator.people(), user, flags)),
    )
  operates(key, 'revoke <id>', 'Ends a key, on every server.').action((id: string, flags: Flags) =>
    answer(flags, async (operator) => {
      await (await operator.people()).revokeKey(id)
      return { json: { revoked: id }, lines: [`Key ${id} is over, on every server.`] }
    }),
  )
}

function days(text: string): string {
  if (/^[1-9]\d{0,2}$/.test(text) && Number(text) <= 365) return text
  throw new InvalidArgumentError('Give a number from 1 to 365.')
}

async function issue(people: PeopleOperator, owner: string, flags: Flags): Promise<Answer> {
  const scopes = (textOf(flags, 'scopes') ?? '').split(',').map((scope) => scope.trim())
  const issued = await people.issueKey(owner, {
    name: textOf(flags, 'name') ?? '',
    scopes: scopes.filter((scope) => scope !== ''),
    days: Number(flags.days),
  })
  const { key, secret } = issued
  const lines = [secret, `It is said this once, and lives until ${key.expiresAt}.`]
  return { json: issued, lines }
}

async function list(people: PeopleOperator, owner: string, flags: Flags): Promise<Answer> {
  const found = await people.listKeys(owner, Number(flags.limit))
  return { json: found, lines: keyLines(found) }
}

/** Keys in columns. */
export function keyLines({ items, more }: Listed<ApiKey>): string[] {
  if (items.length === 0) return ['There are no API keys.']
  const rows = items.map((key) => [
    key.id,
    key.name,
    key.scopes.join(',') || 'none',
    key.expiresAt,
    key.lastUsedAt ?? 'never',
  ])
  return [...columns(['id', 'name', 'scopes', 'expires', 'last used'], rows), ...ending(more)]
}
