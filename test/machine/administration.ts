/**
 * What an administrator does to somebody, and what the model says to it: adding, changing, disabling,
 * deleting people, temporary passwords, and the end of all of somebody's sessions.
 *
 * @module
 */
import { endAll } from './deeds.ts'
import {
  curb,
  day,
  distrust,
  isAdministrator,
  isAtLeast,
  type Model,
  named,
  newPerson,
  type Person,
  type Role,
  type Session,
  standing,
} from './model.ts'
import { type Asked, caller, type Expected, type Line, no, refused } from './said.ts'

const writing = { unsafe: true, permission: 'users:write', fresh: true }
const nobody = 'A'.repeat(22)

/** Whoever has the name, or had it last. */
const idOf = ({ people }: Model, name: string): string =>
  people.findLast((one) => one.name === name)?.id ?? nobody

/** A deed upon somebody: who does it is let in, and whom it is done to is there. */
function upon(
  model: Model,
  at: number,
  name: string,
  asked: Omit<Asked, 'expected'>,
  decide: (by: Session, whom: Person) => Expected,
): Asked {
  const who = caller(model, at, writing)
  if ('expected' in who) return { ...asked, ...who }
  const whom = named(model, name)
  if (!whom) return { ...asked, expected: no({ status: 404, code: 'not_found' }) }
  return { ...asked, expected: decide(who.session, whom) }
}

const not = (by: Session, whom: Person, status: number, code: string, reason = code): Expected =>
  no({ status, code }, [
    refused({ type: 'access.refused', actor: by.owner, subject: whom, session: by, reason }),
  ])
const tooHigh = (by: Session, whom: Person): Expected => not(by, whom, 403, 'forbidden', 'role')
const done = (type: string, by: Session, subject: Person, details?: () => object): Line => ({
  type,
  actor: by.owner,
  subject,
  session: by,
  ...(details && { details }),
})

/** Whether nobody else is an owner who can sign in. */
const isLastOwner = ({ people }: Model, whom: Person): boolean =>
  people.every((one) => (one.role === 'owner' && !one.disabled) === (one === whom))

export function create(
  model: Model,
  at: number,
  { name, role }: { name: string; role: Role },
): Asked {
  const asked = { method: 'POST', path: '/users', json: { username: name, role } }
  const who = caller(model, at, writing)
  if ('expected' in who) return { ...asked, ...who }
  const by = who.session
  if (!isAtLeast(by.owner.role, role)) {
    // Whom it would have been has got an id, that nobody is told.
    const line = { ...tooHigh(by, newPerson(name, role, { id: '?', password: '' })) }
    return { ...asked, expected: line }
  }
  if (named(model, name)) return { ...asked, expected: no({ status: 409, code: 'username_taken' }) }
  const temporaryUntil = model.now + day
  const person = newPerson(name, role, { password: '', mustChange: true, temporaryUntil })
  model.people.push(person)
  return {
    ...asked,
    expected: {
      status: 201,
      lines: [done('user.created', by, person, () => ({ username: name, role }))],
      adopt: ({ json }) => {
        person.id = json.user.id
        person.password = String(json.temporaryPassword)
      },
    },
  }
}

export function setRole(
  model: Model,
  at: number,
  { name, role }: { name: string; role: Role },
): Asked {
  const asked = { method: 'PATCH', path: `/users/${idOf(model, name)}`, json: { role } }
  return upon(model, at, name, asked, (by, whom) => {
    const { role: mine } = by.owner
    if (!isAtLeast(mine, whom.role) || !isAtLeast(mine, role)) return tooHigh(by, whom)
    if (role !== 'owner' && isLastOwner(model, whom)) return not(by, whom, 409, 'last_owner')
    const roleBefore = whom.role
    if (role === roleBefore) return { status: 200 }
    const before = isAdministrator(whom)
    whom.role = role
    if (isAdministrator(whom) && !before) for (const one of standing(model, whom)) curb(model, one)
    whom.proofsVoidUntil = model.now
    const lines = [done('user.updated', by, whom, () => ({ role, roleBefore }))]
    return { status: 200, lines }
  })
}

export function setDisabled(
  model: Model,
  at: number,
  { name, disabled }: { name: string; disabled: boolean },
): Asked {
  const asked = { method: 'PATCH', path: `/users/${idOf(model, name)}`, json: { disabled } }
  return upon(model, at, name, asked, (by, whom) => {
    if (!isAtLeast(by.owner.role, whom.role)) return tooHigh(by, whom)
    if (disabled && isLastOwner(model, whom)) return not(by, whom, 409, 'last_owner')
    if (whom.disabled === disabled) return { status: 200 }
    whom.disabled = disabled
    if (disabled) distrust(model, whom, 'user_disabled')
    return { status: 200, lines: [done(disabled ? 'user.disabled' : 'user.enabled', by, whom)] }
  })
}

export function remove(model: Model, at: number, name: string): Asked {
  const asked = { method: 'DELETE', path: `/users/${idOf(model, name)}` }
  return upon(model, at, name, asked, (by, whom) => {
    if (!isAtLeast(by.owner.role, whom.role)) return tooHigh(by, whom)
    if (isLastOwner(model, whom)) return not(by, whom, 409, 'last_owner')
    const { role } = whom
    whom.deleted = true
    whom.disabled = true
    distrust(model, whom, 'user_disabled')
    const lines = [done('user.deleted', by, whom, () => ({ username: name, role }))]
    return { status: 204, lines }
  })
}

export function reset(model: Model, at: number, name: string): Asked {
  const asked = { method: 'POST', path: `/users/${idOf(model, name)}/reset-password` }
  return upon(model, at, name, asked, (by, whom) => {
    if (whom === by.owner) return no({ status: 409, code: 'conflict' })
    if (!isAtLeast(by.owner.role, whom.role)) return tooHigh(by, whom)
    whom.previous = whom.password
    whom.mustChange = true
    whom.temporaryUntil = model.now + day
    distrust(model, whom, 'password_changed')
    return {
      status: 200,
      lines: [done('password.reset', by, whom)],
      adopt: ({ json }) => {
        whom.password = String(json.temporaryPassword)
      },
    }
  })
}

export function revokeAll(model: Model, at: number, name: string): Asked {
  const asked = { method: 'POST', path: `/users/${idOf(model, name)}/revoke-sessions` }
  return upon(model, at, name, asked, (by, whom) =>
    isAtLeast(by.owner.role, whom.role) ? endAll(model, by, whom) : tooHigh(by, whom),
  )
}
