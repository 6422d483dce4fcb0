/**
 * What a browser does about its own session, and what the model says to it: set-up, signing in and
 * out, renewing, the password, and the list of sessions.
 *
 * @module
 */
import { setupToken } from '../gate/gate.ts'
import { password as ownersPassword } from '../gate/visitor.ts'
import {
  canSignIn,
  distrust,
  end,
  isAdministrator,
  isAtLeast,
  leeway,
  type Model,
  named,
  newPerson,
  newSession,
  over,
  type Person,
  replacedFor,
  type Session,
  standing,
  stepUpWindow,
} from './model.ts'
import { type Asked, caller, type Expected, grant, type Line, no, refused } from './said.ts'

const iso = (at: number): string => new Date(at).toISOString()
const same = (what: string, got: unknown, wanted: unknown): void => {
  const [a, b] = [JSON.stringify(got), JSON.stringify(wanted)]
  if (a !== b) throw new Error(`${what}: is ${a}, should be ${b}`)
}

/** What of a session is told. */
const view = (session: Session, current: boolean) => ({
  id: session.id,
  userId: session.owner.id,
  username: session.owner.name,
  current,
  createdAt: iso(session.createdAt),
  lastActiveAt: iso(session.lastActiveAt),
  idleUntil: iso(session.idleUntil),
  expiresAt: iso(session.expiresAt),
  remembered: session.remembered,
})
const shown = (got: object, wanted: object): object =>
  Object.fromEntries(
    Object.keys(wanted).map((name) => [name, (got as Record<string, unknown>)[name]]),
  )

/** Looks at a body that says who is signed in. */
function sameSigned(got: Parameters<NonNullable<Expected['adopt']>>[0], session: Session): void {
  const { owner } = session
  const { user, mustChangePassword } = got.json
  same('session', shown(got.json.session, view(session, true)), view(session, true))
  const person = { id: owner.id, username: owner.name, role: owner.role, disabled: false }
  same('user', shown(user, person), person)
  same('mustChangePassword', mustChangePassword, owner.mustChange)
}

/** A new session, and the ids the server gave it. */
function granted(model: Model, at: number, session: Session, given: Partial<Expected>): Expected {
  model.sessions.push(session)
  grant(model, at, session)
  return {
    status: 200,
    cookies: 'granted',
    device: !session.restricted,
    ...given,
    session,
    adopt(got) {
      const { id } = got.json.session
      if (model.sessions.some((one) => one.id === id)) throw new Error(`session ${id} is not new`)
      session.id = id
      session.owner.id ||= got.json.user.id
      sameSigned(got, session)
    },
  }
}

export function setUp(model: Model, at: number, token: 'right' | 'wrong'): Asked {
  const json = {
    setupToken: token === 'right' ? setupToken : setupToken.replace('only', 'almost only'),
    username: 'ada',
    password: ownersPassword,
  }
  const asked = { method: 'POST', path: '/auth/setup', json }
  const not = (status: number, code: string) =>
    no({ status, code }, [refused({ type: 'auth.refused', subject: 'setup', reason: code })])
  if (model.claimed) return { ...asked, expected: not(409, 'already_set_up') }
  if (token === 'wrong') return { ...asked, expected: not(403, 'forbidden') }
  model.claimed = true
  const ada = newPerson('ada', 'owner', { password: ownersPassword })
  model.people.push(ada)
  const session = newSession(model, ada, { remember: false, restricted: false })
  const lines = [
    { type: 'instance.claimed', actor: ada, subject: ada },
    { type: 'auth.signed_in', actor: ada, subject: ada, session },
  ]
  return { ...asked, expected: granted(model, at, session, { status: 201, lines }) }
}

export type Typed = 'right' | 'wrong' | 'previous'

/** What somebody types for the password of `person`. */
const typedFor = (person: Person | undefined, typed: Typed): string =>
  (typed === 'right' ? person?.password : typed === 'previous' ? person?.previous : undefined) ??
  'a password that is not the one'

export function logIn(
  model: Model,
  at: number,
  given: { name: string; typed: Typed; remember: boolean },
): Asked {
  const person = named(model, given.name)
  const password = typedFor(person, given.typed)
  const json = { username: given.name, password, remember: given.remember }
  return {
    method: 'POST',
    path: '/auth/login',
    json,
    expected: signedIn(model, at, person, { ...given, password }),
  }
}

function signedIn(
  model: Model,
  at: number,
  person: Person | undefined,
  given: { password: string; remember: boolean },
): Expected {
  const not = (reason: string, status = 401, code = 'invalid_credentials') =>
    no({ status, code }, [
      refused({ type: 'auth.refused', subject: person ?? 'a pseudonym', reason }),
    ])
  if (!person) return not('unknown_name')
  if (!canSignIn(model, person)) return not('cannot_sign_in')
  if (given.password !== person.password) return not('wrong_password')

  const { limit, limitPolicy } = model.policy
  const came = model.jars[at]?.session
  const replaced = came && !over(model, came) ? came : undefined
  const others = standing(model, person).filter((one) => one !== replaced)
  const tooMany = limit === 0 ? 0 : Math.max(0, others.length - limit + 1)
  if (tooMany > 0 && limitPolicy === 'reject')
    return not('session_limit_reached', 409, 'session_limit_reached')
  const evicted = others
    .sort(
      (a, b) =>
        (limitPolicy === 'evict-idle' ? a.lastActiveAt - b.lastActiveAt : 0) ||
        a.createdAt - b.createdAt ||
        (a.id < b.id ? -1 : 1),
    )
    .slice(0, tooMany)
  if (replaced) end(model, replaced, 'logout')
  // What was over stays as it was, but its browser has another now.
  if (came) came.replacedAt = model.now
  for (const one of evicted) end(model, one, 'evicted')
  const { remember } = given
  const session = newSession(model, person, { remember, restricted: person.mustChange })
  const ended = (type: string, one: Session): Line => ({
    type,
    actor: person,
    subject: one.owner,
    session: one,
  })
  const lines = [
    ...(replaced ? [ended('session.replaced', replaced)] : []),
    ...evicted.map((one) => ended('session.evicted', one)),
    { type: 'auth.signed_in', actor: person, subject: person, session },
  ]
  return granted(model, at, session, { lines })
}

export function refresh(model: Model, at: number, forged: boolean): Asked {
  const headers = forged ? { 'X-CSRF-Token': null } : {}
  return {
    method: 'POST',
    path: '/auth/refresh',
    headers,
    expected: refreshed(model, at, forged),
  }
}

function refreshed(model: Model, at: number, forged: boolean): Expected {
  const jar = model.jars[at]
  const lost = (lines: Line[], cookies: 'cleared' | undefined): Expected => {
    if (cookies) model.jars[at] = undefined
    return {
      ...no({ status: 401, code: 'refresh_token_invalid' }, lines),
      ...(cookies && { cookies }),
    }
  }
  if (!jar || !model.policy.refresh) return lost([], 'cleared')
  if (forged)
    return no({ status: 403, code: 'csrf_rejected' }, [
      refused({ type: 'csrf.rejected', reason: 'no header' }),
    ])
  const { session, generation } = jar
  const { now } = model
  const subject = session.owner
  const gone = over(model, session)
  if (gone) {
    const { replacedAt } = session
    const hasAnother = replacedAt !== undefined && now - replacedAt < replacedFor
    const line = refused({ type: 'refresh.refused', subject, session, reason: gone.why })
    return lost([line], hasAnother ? undefined : 'cleared')
  }
  const isCurrent = generation === session.generation
  const isHealed = generation === session.generation - 1 && now - session.rotatedAt <= leeway
  if (!isCurrent && !isHealed) {
    end(model, session, 'replay')
    return lost([refused({ type: 'refresh.replayed', subject, session })], 'cleared')
  }
  if (isCurrent) {
    session.generation += 1
    session.rotatedAt = now
  }
  grant(model, at, session)
  return { status: 200, cookies: 'granted', session, adopt: (got) => sameSigned(got, session) }
}

export function logOut(model: Model, at: number): Asked {
  const session = model.jars[at]?.session
  model.jars[at] = undefined
  const stands = session && !over(model, session)
  if (stands) end(model, session, 'logout')
  const lines = stands
    ? [{ type: 'auth.signed_out', actor: session.owner, subject: session.owner, session }]
    : []
  const expected = { status: 204, cookies: 'cleared', lines } as const
  return { method: 'POST', path: '/auth/logout', expected }
}

export function me(model: Model, at: number, passive: boolean): Asked {
  const who = caller(model, at, { restricted: true, passive })
  const headers = passive ? { 'X-Sallyport-Passive': '1' } : {}
  const asked = { method: 'GET', path: '/auth/me', headers }
  if ('expected' in who) return { ...asked, ...who }
  const { session } = who
  return { ...asked, expected: { status: 200, adopt: (got) => sameSigned(got, session) } }
}

/** Lists the sessions that stand: the own, or everybody's. */
export function list(model: Model, at: number, scope: 'own' | 'all'): Asked {
  const asked = { method: 'GET', path: `/auth/sessions?limit=200&scope=${scope}` }
  const who = caller(model, at, {})
  if ('expected' in who) return { ...asked, ...who }
  const { session } = who
  const { owner } = session
  if (scope === 'all' && !isAdministrator(owner)) {
    const said = { actor: owner, subject: owner, session, reason: 'sessions:read' }
    const expected = no({ status: 403, code: 'forbidden' }, [
      refused({ type: 'access.refused', ...said }),
    ])
    return { ...asked, expected }
  }
  const views = standing(model, scope === 'own' ? owner : undefined).map((one) =>
    view(one, one === session),
  )
  return {
    ...asked,
    expected: {
      status: 200,
      adopt: ({ json }) => {
        const items = json.items as object[]
        same(
          'sessions',
          items.map((one) => shown(one, view(session, true))),
          views,
        )
      },
    },
  }
}

/** Ends one session, whoever's it is. */
export function revokeOne(
  model: Model,
  at: number,
  { nth, forged }: { nth: number; forged: boolean },
): Asked {
  const target = model.sessions[nth % Math.max(model.sessions.length, 1)]
  const asked = {
    method: 'DELETE',
    path: `/auth/sessions/${target?.id ?? 'A'.repeat(22)}`,
    headers: forged ? { 'X-CSRF-Token': null } : {},
  }
  const who = caller(model, at, { unsafe: true, forged })
  if ('expected' in who) return { ...asked, ...who }
  const { session } = who
  const { owner } = session
  if (!target || (target.owner !== owner && !isAdministrator(owner)))
    return { ...asked, expected: no({ status: 404, code: 'not_found' }) }
  if (!isAtLeast(owner.role, target.owner.role)) {
    const said = { actor: owner, subject: target.owner, session, reason: 'role' }
    const expected = no({ status: 403, code: 'forbidden' }, [
      refused({ type: 'access.refused', ...said }),
    ])
    return { ...asked, expected }
  }
  const current = target === session
  const stands = !over(model, target)
  if (stands) end(model, target, current ? 'logout' : 'revoked')
  if (current) model.jars[at] = undefined
  const type = current ? 'auth.signed_out' : 'session.revoked'
  const lines = stands ? [{ type, actor: owner, subject: target.owner, session: target }] : []
  return {
    ...asked,
    expected: { status: 204, lines, ...(current && { cookies: 'cleared' as const }) },
  }
}

/** Ends all sessions of a person but the one it is done by. */
export function endAll(model: Model, by: Session, owner: Person): Expected {
  const others = standing(model, owner).filter((one) => one !== by)
  for (const one of others) end(model, one, 'revoked')
  const said = { type: 'session.revoked', actor: by.owner, subject: owner }
  return {
    status: 200,
    lines: others.map((session) => ({ ...said, session })),
    adopt: ({ json }) => same('revoked', json.revoked, others.length),
  }
}

export function revokeOthers(model: Model, at: number): Asked {
  const who = caller(model, at, { unsafe: true })
  const asked = { method: 'POST', path: '/auth/sessions/revoke-others' }
  if ('expected' in who) return { ...asked, ...who }
  return { ...asked, expected: endAll(model, who.session, who.session.owner) }
}

/** The password once more. @returns Nothing when it is right. */
function unproven(model: Model, session: Session, typed: string): Expected | undefined {
  const { owner } = session
  const able = canSignIn(model, owner)
  if (able && typed === owner.password) return undefined
  const reason = able ? 'wrong_password' : 'cannot_sign_in'
  const said = { actor: owner, subject: owner, session, reason }
  return no({ status: 422, code: 'wrong_password' }, [
    refused({ type: 'password.refused', ...said }),
  ])
}

export function changePassword(
  model: Model,
  at: number,
  { typed, anew }: { typed: Typed; anew: boolean },
): Asked {
  const owner = model.jars[at]?.session.owner
  const currentPassword = typedFor(owner, typed)
  model.chosen += 1
  const newPassword = anew
    ? `nine green lanterns ${model.chosen} over the harbour`
    : currentPassword
  const json = { currentPassword, newPassword }
  const asked = { method: 'POST', path: '/auth/change-password', json }
  const who = caller(model, at, { unsafe: true, restricted: true })
  if ('expected' in who) return { ...asked, ...who }
  const wrong = unproven(model, who.session, currentPassword)
  if (wrong) return { ...asked, expected: wrong }
  if (!anew) return { ...asked, expected: no({ status: 422, code: 'validation_failed' }) }
  return { ...asked, expected: changed(model, at, who.session, newPassword) }
}

function changed(model: Model, at: number, old: Session, password: string): Expected {
  const { owner } = old
  owner.previous = owner.password
  owner.password = password
  owner.mustChange = false
  owner.temporaryUntil = undefined
  end(model, old, 'password_changed')
  old.replacedAt = model.now
  distrust(model, owner, 'password_changed')
  const session = newSession(model, owner, { remember: old.remembered, restricted: false })
  const said = { actor: owner, subject: owner, session }
  const lines = [{ type: 'password.changed', ...said, details: () => ({ replaced: old.id }) }]
  return granted(model, at, session, { lines })
}

export function stepUp(model: Model, at: number, typed: Typed): Asked {
  const password = typedFor(model.jars[at]?.session.owner, typed)
  const asked = { method: 'POST', path: '/auth/step-up', json: { password } }
  const who = caller(model, at, { unsafe: true })
  if ('expected' in who) return { ...asked, ...who }
  const { session } = who
  const wrong = unproven(model, session, password)
  if (wrong) return { ...asked, expected: wrong }
  session.provenAt = model.now
  const said = { actor: session.owner, subject: session.owner, session }
  return {
    ...asked,
    expected: {
      status: 200,
      lines: [{ type: 'auth.stepped_up', ...said }],
      adopt: ({ json }) => same('until', json.until, iso(session.provenAt + stepUpWindow)),
    },
  }
}
