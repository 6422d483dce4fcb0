/**
 * Stray roles: people keep a role that is defined no longer. It gives them nothing and keeps them out of
 * nothing else; whoever runs the instance is told, because it may have been a slip.
 *
 * @module
 */
import type { World } from '../ports.ts'
import { isRole, scopesOf } from '../rules/access.ts'

/** One sentence for each such role, among the newest 10,000 people. */
export async function strayRoles({
  store,
  access,
}: Pick<World, 'store' | 'access'>): Promise<readonly string[]> {
  const held = new Map<string, number>()
  for (const { role, scopes, count } of await store.figures.roles())
    for (const name of new Set([role, ...scopesOf({ scopes }).map((one) => one.role)]))
      held.set(name, (held.get(name) ?? 0) + count)
  return [...held]
    .filter(([role]) => !isRole(access, role))
    .map(
      ([role, count]) =>
        `access: nobody has defined the role ${JSON.stringify(role)}. It gives nothing to those who hold it: ${count}.`,
    )
}
