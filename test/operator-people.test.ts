/**
 * The operator beside a running gate: people and keys are kept by the rules that hold over HTTP, what
 * ends trust is over at the next request, and all of it is recorded under his name.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { databases } from './gate/gate.ts'
import { program } from './gate/keys.ts'
import { openRing } from './gate/ring.ts'
import { visitor } from './gate/visitor.ts'

const chosen = 'a password that Bob has chosen'

describe.each(databases)('on %s', (kind) => {
  async function open() {
    const ring = await openRing(kind)
    const ada = visitor(ring.gate)
    await ada.setUp()
    const people = await ring.operator.people()
    await ring.recorded()
    return { ...ring, ada, people }
  }

  test('a person comes, changes and goes', async () => {
    const { gate, people, recorded } = await open()
    const { user, temporaryPassword = '' } = await people.createUser({
      username: 'Bob',
      role: 'member',
    })
    expect(user).toMatchObject({ username: 'bob', role: 'member', mustChangePassword: true })
    const bob = visitor(gate)
    expect((await bob.logIn('bob', temporaryPassword)).status).toBe(200)
    const asked = { json: { currentPassword: temporaryPassword, newPassword: chosen } }
    expect((await bob.send('POST', '/auth/change-password', asked)).status).toBe(200)
    expect((await bob.send('GET', '/users')).status).toBe(403)
    await people.changeUser('bob', { role: 'admin' })
    expect((await bob.send('GET', '/users')).status).toBe(200)

    await people.changeUser('bob', { disabled: true })
    const over = await bob.send('GET', '/auth/me')
    expect([over.status, over.json.reason]).toEqual([401, 'user_disabled'])
    expect((await bob.logIn('bob', chosen)).status).toBe(401)
    await people.changeUser('bob', { disabled: false })
    expect((await bob.logIn('bob', chosen)).status).toBe(200)
    expect(await people.showUser('bob')).toMatchObject({
      user: { username: 'bob', role: 'admin' },
      sessions: { items: [{ username: 'bob', current: false }], more: false },
    })
    expect((await people.listUsers({ query: 'BO', limit: 10 })).items).toMatchObject([
      { username: 'bob' },
    ])
    expect(await people.listUsers({ limit: 1 })).toMatchObject({ items: [{}], more: true })

    await people.deleteUser('bob')
    expect((await bob.send('GET', '/auth/me')).status).toBe(401)
    await expect(people.showUser('bob')).rejects.toMatchObject({ code: 'not_found' })
    const mine = (await recorded()).filter(({ actor }) => actor === 'operator:grace')
    expect(
      mine.map(({ type, subject, address, session }) => [type, subject, address, session]),
    ).toEqual(
      ['user.created', 'user.updated', 'user.disabled', 'user.enabled', 'user.deleted'].map(
        (type) => [type, `user:${user.id}`, null, null],
      ),
    )
  })

  test('an owner is left, names and roles must do, and nobody is added before the owner', async () => {
    const { ada, people, recorded } = await open()
    await expect(people.changeUser('ada', { disabled: true })).rejects.toMatchObject({
      code: 'last_owner',
    })
    await expect(people.changeUser('ada', { role: 'member' })).rejects.toMatchObject({
      code: 'last_owner',
    })
    await expect(people.deleteUser('ada')).rejects.toMatchObject({ code: 'last_owner' })
    expect((await recorded()).map(({ type, actor, reason }) => [type, actor, reason])).toEqual(
      Array(3).fill(['access.refused', 'operator:grace', 'last_owner']),
    )
    expect((await ada.send('GET', '/auth/me')).status).toBe(200)
    await expect(people.createUser({ username: 'no spaces', role: 'king' })).rejects.toMatchObject({
      code: 'validation_failed',
      fields: [{ name: 'username' }, { name: 'role' }],
    })
    await expect(people.createUser({ username: 'ADA', role: 'member' })).rejects.toMatchObject({
      code: 'username_taken',
    })
    const weak = { username: 'bob', role: 'member', password: 'short' }
    await expect(people.createUser(weak)).rejects.toMatchObject({ fields: [{ name: 'password' }] })

    const { operator } = await openRing(kind)
    const early = await operator.people()
    await expect(early.createUser({ username: 'eve', role: 'owner' })).rejects.toMatchObject({
      code: 'conflict',
    })
  })

  test('a key is issued to somebody, used, and over once it is revoked', async () => {
    const { gate, people, recorded } = await open()
    const asked = { name: 'backup', scopes: ['users:read'], days: 90 }
    const { key, secret } = await people.issueKey('ada', asked)
    const use = program(gate, secret)
    expect((await use('GET', '/users')).status).toBe(200)
    expect((await people.listKeys('ada', 10)).items).toMatchObject([{ id: key.id, name: 'backup' }])
    await people.revokeKey(key.id)
    expect((await use('GET', '/users')).status).toBe(401)
    await expect(people.revokeKey(key.id)).rejects.toMatchObject({ code: 'not_found' })
    const mine = (await recorded()).filter(({ actor }) => actor === 'operator:grace')
    expect(mine.map(({ type }) => type)).toEqual(['key.issued', 'key.revoked'])

    await people.createUser({ username: 'bob', role: 'member' })
    await expect(people.issueKey('bob', asked)).rejects.toMatchObject({ code: 'forbidden' })
    await expect(people.issueKey('ada', { ...asked, days: 400 })).rejects.toMatchObject({
      fields: [{ name: 'expiresAt' }],
    })
  })
})
