/**
 * Own roles: what a host adds to the roles and permissions there are. Its roles rank below `admin`,
 * so that whoever is above all others is always an owner or administrator, with their shorter sessions.
 *
 * @module
 */
import { type Access, builtIn, permissions as builtInPermissions, isRole } from './access.ts'

/** Roles and permissions of a host's own. Owners and administrators hold every permission there is. */
export interface OwnAccess {
  /** As in `orders:read`. */
  readonly permissions?: readonly string[]
  /** By name. `member` and `viewer` may be named too, for the host's own permissions they hold. */
  readonly roles?: Readonly<Record<string, OwnRole>>
}

export interface OwnRole {
  /** The role it ranks next below: `admin`, `member`, `viewer` or another one of the host's. */
  readonly below?: string
  /** The permissions it holds, the host's own or built-in ones. */
  readonly holds?: readonly string[]
}

const most = 64
const permissionName = /^[a-z][a-z0-9-]{0,62}:[a-z][a-z0-9-]{0,62}$/
const roleName = /^[a-z][a-z0-9-]{0,62}$/

/**
 * Every role and permission at an instance to which somebody has added these.
 *
 * @param as The name they were given by, for complaints.
 * @returns One sentence for everything wrong with them; with any, `access` is the built-in one.
 */
export function accessFrom(
  added: unknown,
  as = 'access',
): { readonly access: Access; readonly complaints: readonly string[] } {
  if (added === undefined) return { access: builtIn, complaints: [] }
  if (!isObject(added)) return { access: builtIn, complaints: [`${as}: ${shape}`] }
  const { permissions = [], roles = {}, ...more } = added
  const complaints = unknownIn(as, more)
  if (!isTexts(permissions)) complaints.push(`${as}.permissions: write a list of texts.`)
  if (!isObject(roles)) complaints.push(`${as}.roles: ${shape}`)
  if (!isTexts(permissions) || !isObject(roles)) return { access: builtIn, complaints }

  complaints.push(...permissionFaults(`${as}.permissions`, permissions))
  const every = [...builtIn.permissions, ...permissions]
  const parsed = Object.entries(roles).map(([name, role]) => roleFrom(as, name, role, every))
  complaints.push(...parsed.flatMap((one) => one.complaints))
  const own = parsed.map(({ role }) => role)
  const further = own.filter(({ name }) => !isRole(builtIn, name))
  if (further.length > most) complaints.push(`${as}.roles: at most ${most}.`)
  const ranked = builtIn.roles.flatMap((name) => fromHere(name, further))
  complaints.push(
    ...further
      .filter(({ name, below }) => below !== undefined && !ranked.includes(name))
      .map(({ name, below }) => `${as}.roles.${name}: nothing leads to below "${below}".`),
  )
  if (complaints.length > 0) return { access: builtIn, complaints }
  const held = new Map([
    ['owner', every],
    ['admin', every],
    ...own.map(({ name, holds }) => [name, holds] as const),
  ])
  return { access: { roles: ranked, permissions: every, held }, complaints }
}

interface Parsed {
  readonly name: string
  readonly below: string | undefined
  readonly holds: readonly string[]
}

/** A role and those that rank below it, before the next: the first one named is the highest. */
const fromHere = (name: string, own: readonly Parsed[]): string[] => [
  name,
  ...own.filter(({ below }) => below === name).flatMap((one) => fromHere(one.name, own)),
]

function roleFrom(
  as: string,
  name: string,
  said: unknown,
  every: readonly string[],
): { role: Parsed; complaints: string[] } {
  const at = `${as}.roles.${roleName.test(name) ? name : JSON.stringify(name.slice(0, 64))}`
  const role = { name, below: undefined, holds: [] }
  if (!isObject(said)) return { role, complaints: [`${at}: ${shape}`] }
  const { below, holds = [], ...more } = said
  const known = isRole(builtIn, name)
  const lowest = name === 'member' || name === 'viewer'
  const unknown = isTexts(holds) ? holds.filter((one) => !every.includes(one)) : []
  const wrong: [boolean, string][] = [
    [!roleName.test(name), 'write a name of a-z, 0-9 and -, at most 63.'],
    [known && !lowest, 'holds everything, and stays as it is.'],
    [lowest && below !== undefined, 'ranks where it is; leave out below.'],
    [!known && below === 'owner', 'no role of your own ranks above admin.'],
    [!known && typeof below !== 'string', 'say the role it ranks below, as in below: "admin".'],
    [!isTexts(holds), 'write holds as a list of permissions.'],
    [unknown.length > 0, `there is no permission ${unknown.map(quoted).join(', ')}.`],
    [
      lowest && isTexts(holds) && holds.some((one) => builtIn.permissions.includes(one)),
      'holds permissions of your own only.',
    ],
  ]
  const complaints = wrong.filter(([is]) => is).map(([, sentence]) => `${at}: ${sentence}`)
  return {
    role: {
      name,
      below: typeof below === 'string' ? below : undefined,
      holds: isTexts(holds) ? [...new Set(holds)] : [],
    },
    complaints: [...complaints, ...unknownIn(at, more)],
  }
}

function permissionFaults(as: string, permissions: readonly string[]): string[] {
  const taken = permissions.filter(
    (one, at) => permissions.indexOf(one) !== at || builtInPermissions.some((own) => own === one),
  )
  return [
    ...permissions
      .filter((one) => !permissionName.test(one))
      .map((one) => `${as}: ${quoted(one)} is not of the form orders:read.`),
    ...taken.map((one) => `${as}: ${quoted(one)} is there already.`),
    ...(permissions.length > most ? [`${as}: at most ${most}.`] : []),
  ]
}

const shape = 'write { permissions: [ … ], roles: { name: { below, holds } } }.'
const quoted = (text: string): string => JSON.stringify(text.slice(0, 128))

const unknownIn = (at: string, more: object): string[] =>
  Object.keys(more).map((name) => `${at}.${name.slice(0, 64)}: there is no such setting.`)

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isTexts = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'string')
