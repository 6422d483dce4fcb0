/**
 * People, sessions and keys, as the operator at the command line keeps them: the flows of
 * administrators, on an authority of his own. What ends trust is answered once no running server
 * accepts it any more.
 *
 * @module
 */
import type { OperatorCaller } from './flows/acting.ts'
import { issueKey, listKeys, revokeKey } from './flows/api-keys.ts'
import { createUser } from './flows/create-user.ts'
import { type Coming, importUser } from './flows/import-user.ts'
import { unlock } from './flows/lockouts.ts'
import { resetPassword } from './flows/reset-password.ts'
import { allSessions, endAllOf, endOne } from './flows/sessions.ts'
import { deleteUser, listUsers, updateUser } from './flows/users.ts'
import { problems } from './http/problem.ts'
import { keyView, sessionView, userView } from './http/view.ts'
import { instance, userNamed, type World } from './ports.ts'
import type { Place } from './rules/cursor.ts'
import type * as facts from './rules/facts.ts'
import { canonicalName } from './rules/identifier.ts'
import { type FieldRefusal, type Refusal, type RefusalCode, refuse } from './rules/refusal.ts'
import type { KeyUses } from './rules/retirement.ts'
import { day } from './rules/time.ts'
import type { UserChange } from './rules/user.ts'
import type { ApiKey, Created, IssuedKey, Reset, Session, User } from './wire.ts'

/** What is not done, and why; `uses` when something alive stands in the way. */
export class OperatorRefusal extends Error {
  override readonly name = 'OperatorRefusal'
  readonly uses: KeyUses | undefined
  /** Where a rule has refused it, as it is told over HTTP. */
  readonly code: RefusalCode | undefined
  readonly fields: readonly FieldRefusal[]

  constructor(message: string, uses?: KeyUses, { code, fields = [] }: Partial<Refusal> = {}) {
    super(message)
    this.uses = uses
    this.code = code
    this.fields = fields
  }
}

/** The beginning of a list, and whether it goes on. */
export interface Listed<T> {
  readonly items: readonly T[]
  readonly more: boolean
}

/** Everything here throws an {@link OperatorRefusal} where the flow behind it refuses. */
export interface PeopleOperator {
  listUsers(asked: { query?: string | undefined; limit: number }): Promise<Listed<User>>
  showUser(name: string): Promise<{ user: User; sessions: Listed<Session>; keys: Listed<ApiKey> }>
  /** @returns The password where none was given; it is told this once. */
  createUser(asked: {
    username: string
    role: string
    displayName?: string | undefined
    password?: string | undefined
  }): Promise<Created>
  /** Brings somebody in, with the hash of another program. @returns False for a name that is there already. */
  importUser(coming: Coming): Promise<boolean>
  changeUser(name: string, change: UserChange): Promise<User>
  deleteUser(name: string): Promise<User>
  /** Lifts the rest of a name. */
  unlockUser(name: string): Promise<User>
  resetPassword(name: string): Promise<Reset & { readonly user: User }>
  listSessions(asked: { user?: string | undefined; limit: number }): Promise<Listed<Session>>
  /** Ends a session; one that is over is over. */
  revokeSession(id: string): Promise<void>
  /** Ends all sessions of a person. */
  revokeSessions(name: string): Promise<{ readonly revoked: number }>
  /** @param asked.days For how long it lives, at most 365. */
  issueKey(
    owner: string,
    asked: { name: string; scopes: readonly string[]; days: number },
  ): Promise<IssuedKey>
  listKeys(owner: string, limit: number): Promise<Listed<ApiKey>>
  revokeKey(id: string): Promise<void>
}

/** Rows a page. */
const slice = 200

/** @param actor As he is recorded: `operator:<os user>`. */
export function operatingPeople(world: World, actor: string): PeopleOperator {
  const operator: OperatorCaller = { ok: true, operator: actor }
  const from = { address: null, bucket: actor }

  async function named(name: string): Promise<facts.User> {
    const found = await world.store.find(userNamed(canonicalName(name) ?? ''))
    if (!found) throw refusalOf(refuse('not_found', { detail: `There is nobody called ${name}.` }))
    return found
  }

  const sessions = async (limit: number, of?: facts.User): Promise<Listed<Session>> => {
    const found = await gathered(limit, (page) => allSessions(world, of?.id, page))
    const items = found.items.map(({ session, owner }) => sessionView(session, owner, undefined))
    return { ...found, items }
  }

  const keys = async (limit: number, owner: facts.User): Promise<Listed<ApiKey>> => {
    const found = await gathered(limit, (page) => listKeys(world, owner, page))
    const now = world.clock.now()
    return { ...found, items: found.items.map((key) => keyView(key, now)) }
  }

  return {
    async listUsers({ query, limit }) {
      const found = await gathered(limit, (page) => listUsers(world, query, page))
      return { ...found, items: found.items.map(userView) }
    },
    async showUser(name) {
      const user = await named(name)
      const [open, held] = await Promise.all([sessions(slice, user), keys(slice, user)])
      return { user: userView(user), sessions: open, keys: held }
    },
    async importUser(coming) {
      await onceClaimed(world)
      return granted(await importUser(world, operator, coming)).added
    },
    async createUser(asked) {
      await onceClaimed(world)
      const done = granted(await createUser(world, operator, asked, from))
      const { temporaryPassword } = done
      return {
        user: userView(done.user),
        ...(temporaryPassword !== undefined && { temporaryPassword }),
      }
    },
    async changeUser(name, change) {
      const { id } = await named(name)
      return userView(granted(await updateUser(world, operator, id, change, from)).user)
    },
    async deleteUser(name) {
      const found = await named(name)
      granted(await deleteUser(world, operator, found.id, from))
      return userView(found)
    },
    async unlockUser(name) {
      const found = await named(name)
      unlessRefused(await unlock(world, operator, found.id, null))
      return userView(found)
    },
    async resetPassword(name) {
      const found = await named(name)
      const done = granted(await resetPassword(world, operator, found.id, from))
      return { user: userView(found), temporaryPassword: done.temporaryPassword }
    },
    async listSessions({ user, limit }) {
      return sessions(limit, user === undefined ? undefined : await named(user))
    },
    async revokeSession(id) {
      const refusal = await endOne(world, operator, id, null)
      if (refusal?.code === 'not_found')
        throw refusalOf({ ...refusal, detail: `There is no session ${id}.` })
      unlessRefused(refusal)
    },
    async revokeSessions(name) {
      const { id } = await named(name)
      const { revoked } = granted(await endAllOf(world, operator, id, null))
      return { revoked }
    },
    async issueKey(owner, { name, scopes, days }) {
      const { id } = await named(owner)
      const expiresAt = world.clock.now() + days * day
      const asked = { name, scopes, expiresAt, userId: id }
      const done = granted(await issueKey(world, operator, asked, null))
      return { key: keyView(done.key, world.clock.now()), secret: done.secret }
    },
    async listKeys(owner, limit) {
      return keys(limit, await named(owner))
    },
    async revokeKey(id) {
      const refusal = await revokeKey(world, operator, id, null)
      if (refusal?.code === 'not_found')
        throw refusalOf({ ...refusal, detail: `There is no key ${id}.` })
      unlessRefused(refusal)
    },
  }
}

/** Its owner is made by the link that claims it, and by nobody before him. */
async function onceClaimed({ store }: World): Promise<void> {
  if ((await store.find(instance()))?.claimedAt === null)
    throw refusalOf(refuse('conflict', { detail: unclaimed }))
}

const unclaimed =
  'This instance has no owner yet. Open the link that sallyport serve prints, and add people then.'

/** A list from its beginning, page by page. */
async function gathered<T>(
  limit: number,
  page: (from: { after: Place | undefined; limit: number }) => Promise<{
    readonly items: readonly T[]
    readonly next: Place | undefined
  }>,
): Promise<Listed<T>> {
  const items: T[] = []
  let after: Place | undefined
  do {
    const found = await page({ after, limit: Math.min(slice, limit - items.length) })
    items.push(...found.items)
    after = found.next
  } while (after && items.length < limit)
  return { items, more: after !== undefined }
}

function refusalOf(refusal: Refusal): OperatorRefusal {
  const { code, detail, fields = [] } = refusal
  const faults = fields.map((field) => `${field.name}: ${field.detail}`)
  const said = faults.length > 0 ? faults.join('\n') : (detail ?? problems[code].detail)
  return new OperatorRefusal(said, undefined, refusal)
}

function granted<T extends { readonly ok: true }>(verdict: T | Refusal): T {
  if (!verdict.ok) throw refusalOf(verdict)
  return verdict
}

function unlessRefused(refusal: Refusal | undefined): void {
  if (refusal) throw refusalOf(refusal)
}
