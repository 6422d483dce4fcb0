/**
 * Guards of the host's own routes: the gates that ours pass, in the same order, asked of the headers as
 * they came. In the steady state nothing is read, written or awaited.
 *
 * @module
 */
import type { AnyCaller, Soon } from '../flows/authenticate.ts'
import { isPermission, isRole, type Permission, type Role } from '../rules/access.ts'
import type { Refusal } from '../rules/refusal.ts'
import { addressOf } from './address.ts'
import { credentialsOf, passCaller, passOrigin, unfit } from './guard.ts'
import type { Guard } from './route.ts'
import type { From, Head, Site } from './site.ts'

/** A name of the host's own; an editor still offers the built-in ones. */
type OwnName = string & Record<never, never>

/** What a route of the host's asks besides being signed in. */
export interface Need {
  /** At least this role. An API key has none. */
  readonly role?: Role | OwnName
  readonly permission?: Permission | OwnName
  /** Whether the password must have been shown lately (`stepUp.window`). No API key shows one. */
  readonly recent?: boolean
}

/**
 * Makes a guard.
 *
 * @returns Who is calling, at once where this node remembers it. A permission is asked everywhere, or in
 *   `scope`, as in `department:sales`.
 * @throws {Error} For a role or a permission that there is not: nobody would be let in, or everybody.
 */
export function hostGuard(
  site: Site,
  { role, permission, recent = false }: Need,
): (request: Head, from: From, scope?: string) => Soon<AnyCaller | Refusal> {
  const { access } = site.world
  if (role !== undefined && !isRole(access, role)) throw new Error(`there is no role ${role}`)
  if (permission !== undefined && !isPermission(access, permission))
    throw new Error(`there is no permission ${permission}`)
  const guard: Guard = {
    caller: 'signed-in',
    restricted: false,
    role,
    permission,
    ...(recent ? { stepUp: true } : { keys: true }),
  }
  return (request, from, scope) => {
    const address = () => whence(site, request, from)
    const credentials = credentialsOf(request, site)
    if (!credentials.ok) return unfit(site, credentials, address)
    const asked = scope === undefined ? guard : { ...guard, scope }
    const astray = passOrigin(request, site, asked, credentials, address)
    return astray ?? passCaller(request, site, asked, credentials, address)
  }
}

const anybody: Guard = { caller: 'anyone', restricted: true }

/** The origin gate by itself, for a route of the host's that anyone may call. */
export function hostOrigin(site: Site, request: Head, from: From): Soon<Refusal | undefined> {
  const address = () => whence(site, request, from)
  const credentials = credentialsOf(request, site)
  if (!credentials.ok) return unfit(site, credentials, address)
  return passOrigin(request, site, anybody, credentials, address)
}

function whence({ trusted }: Site, { headers }: Head, { address = '' }: From): string {
  return addressOf({ peer: address, forwardedFor: headers.get('x-forwarded-for') }, trusted)
}
