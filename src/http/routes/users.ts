/**
 * People, for those who may see and change them.
 *
 * @module
 */
import * as answers from '../../answers.ts'
import { createUser } from '../../flows/create-user.ts'
import { resetPassword } from '../../flows/reset-password.ts'
import { endAllOf } from '../../flows/sessions.ts'
import { deleteUser, findUser, listUsers, updateUser } from '../../flows/users.ts'
import * as wire from '../../wire.ts'
import { fromOf } from '../from.ts'
import { pageFrom, pageView } from '../paging.ts'
import { alsoByKey, type Route, signedIn } from '../route.ts'
import { rolesView, userView } from '../view.ts'

const reading = { restricted: false, permission: 'users:read' } as const
const writing = { restricted: false, permission: 'users:write', stepUp: true } as const

export const userRoutes: readonly Route[] = [
  alsoByKey({
    method: 'GET',
    path: '/users',
    summary: 'The people there are, newest first; with `query` those whose name contains it.',
    answers: { 200: answers.pageOf(answers.User) },
    guard: reading,
    body: 'none',
    query: wire.UserList,
    async answer({ site: { world }, query }, { user }) {
      const bound = { list: `users ${query.query ?? ''}`, for: user.id }
      const from = pageFrom(world, bound, query)
      if (!from.ok) return from
      const found = await listUsers(world, query.query, from.page)
      const body: wire.Page<wire.User> = pageView(world, bound, found, userView)
      return { ok: true, status: 200, body }
    },
  }),

  alsoByKey({
    method: 'GET',
    path: '/roles',
    summary: 'The roles there are, from the highest to the lowest, with what each may do.',
    answers: { 200: answers.pageOf(answers.Role) },
    guard: reading,
    body: 'none',
    async answer({ site }) {
      const body: wire.Page<wire.Role> = { items: rolesView(site.world.access), nextCursor: null }
      return { ok: true, status: 200, body }
    },
  }),

  alsoByKey({
    method: 'GET',
    path: '/users/{id}',
    summary: 'One person.',
    answers: { 200: answers.User },
    guard: reading,
    body: 'none',
    async answer({ site, params: { id = '' } }) {
      const found = await findUser(site.world, id)
      return found.ok ? { ok: true, status: 200, body: userView(found.user) } : found
    },
  }),

  signedIn({
    method: 'POST',
    path: '/users',
    summary: 'Adds a person, with a password that must be changed at the first sign-in.',
    answers: { 201: answers.Created },
    guard: writing,
    body: wire.CreateUser,
    async answer(asked, caller) {
      const done = await createUser(asked.site.world, caller, asked.body, fromOf(asked))
      if (!done.ok) return done
      const { user, temporaryPassword } = done
      const body: wire.Created = {
        user: userView(user),
        ...(temporaryPassword !== undefined && { temporaryPassword }),
      }
      return { ok: true, status: 201, body }
    },
  }),

  signedIn({
    method: 'PATCH',
    path: '/users/{id}',
    summary: 'Changes role, name or scopes of a person, or whether the person may sign in.',
    answers: { 200: answers.User },
    guard: writing,
    body: wire.ChangeUser,
    async answer(asked, caller) {
      const { id = '' } = asked.params
      const done = await updateUser(asked.site.world, caller, id, asked.body, fromOf(asked))
      return done.ok ? { ok: true, status: 200, body: userView(done.user) } : done
    },
  }),

  signedIn({
    method: 'DELETE',
    path: '/users/{id}',
    summary: 'Deletes a person; the name is free again.',
    answers: { 204: 'nothing' },
    guard: writing,
    body: 'none',
    async answer(asked, caller) {
      const { id = '' } = asked.params
      const done = await deleteUser(asked.site.world, caller, id, fromOf(asked))
      return done.ok ? { ok: true, status: 204 } : done
    },
  }),

  signedIn({
    method: 'POST',
    path: '/users/{id}/reset-password',
    summary: 'Gives somebody else a temporary password, and ends all sessions.',
    answers: { 200: answers.Reset },
    guard: writing,
    body: 'none',
    async answer(asked, caller) {
      const { id = '' } = asked.params
      const done = await resetPassword(asked.site.world, caller, id, fromOf(asked))
      if (!done.ok) return done
      const { temporaryPassword } = done
      return { ok: true, status: 200, body: { temporaryPassword } satisfies wire.Reset }
    },
  }),

  signedIn({
    method: 'POST',
    path: '/users/{id}/revoke-sessions',
    summary: 'Ends all sessions of a person.',
    answers: { 200: answers.Revoked },
    guard: writing,
    body: 'none',
    async answer({ site, params: { id = '' }, address }, caller) {
      const done = await endAllOf(site.world, caller, id, address)
      return done.ok ? { ok: true, status: 200, body: { revoked: done.revoked } } : done
    },
  }),
]
