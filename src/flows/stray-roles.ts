/**
 * Stray roles: people keep a role that is defined no longer. It gives them nothing and keeps them out of
 * nothing else; whoever runs the instance is told, because it may have been a slip.
 *
 * @module
 */
import type { World } from '../ports.ts'
import { isRole, scopesOf } from '../rules/access.ts'
import { type Finding, warning } from '../rules/doctor.ts'

export interface StrayRole {
  readonly role: string
  /** How many people hold it, everywhere or in a scope. */
  readonly held: number
}

/** Each such role, among the newest 10,000 people. */
export async function strayRoles({
  store,
  access,
}: {
  readonly store: Pick<World['store'], 'figures'>
  readonly access: World['access']
}): Promise<readonly StrayRole[]> {
  const held = new Map<string, number>()
  for (const { role, scopes, count } of await store.figures.roles())
    for (const name of new Set([role, ...scopesOf({ scopes }).map((one) => one.role)]))
      held.set(name, (held.get(name) ?? 0) + count)
  return [...held]
    .filter(([role]) => !isRole(access, role))
    .map(([role, count]) => ({ role, held: count }))
}

/** As it is told at the start of a node. */
export const strayLine = ({ role, held }: StrayRole): string =>
  `access: nobody has defined the role ${JSON.stringify(role)}. It gives nothing to those who hold it: ${held}.`

/** As the doctor tells it. */
export const strayFindings = (strays: readonly StrayRole[]): Finding[] =>
  strays.map(({ role, held }) =>
    warning(
      'access',
      `People hold the role ${JSON.stringify(role)}, which nobody has defined: ${held}. It gives them nothing.`,
      'Define it again under `access`, the same for every node and command, or give them another one: sallyport user role.',
    ),
  )
