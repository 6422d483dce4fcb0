/**
 * Doing what one may not: the AUTHZ, MUST, STEP and REV cases of `security.md`, as far as there are
 * routes for them. Who may call which route at all (AUTHZ-05) is `route-matrix.test.ts`.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { minute } from '../../src/rules/time.ts'
import { held } from '../campaigns/report.ts'
import { databases, openTestGate, type TestGate } from '../gate/gate.ts'
import { guesses } from '../gate/guesses.ts'
import { issue } from '../gate/keys.ts'
import { addPerson, type Person } from '../gate/people.ts'
import { expectRefused, unharmed } from '../gate/refusal.ts'
import { password, type Visitor, visitor } from '../gate/visitor.ts'
import { watchedGate } from '../gate/watched-gate.ts'
import { mutations } from '../store/race.ts'

const chosen = 'nine green lanterns over the harbour'
const noon = Date.UTC(2026, 0, 1, 12)
const clock = { now: () => noon, elapsed: () => 0 }
const me = (who: Visitor) => who.send('GET', '/auth/me')

async function withOwner(kind: (typeof databases)[number] = 'sqlite', options = {}) {
  const open = await openTestGate(kind, options)
  const ada = visitor(open.gate)
  const { user, session } = (await ada.setUp()).json
  await open.recorded()
  return { open, ada, adaId: user.id, adaSid: session.id }
}

async function signedIn(open: TestGate, username: string, person: Person = {}) {
  const id = await addPerson(open, username, person)
  const who = visitor(open.gate)
  const sid = (await who.logIn(username)).json.session.id
  await open.recorded()
  return { id, who, sid }
}

/** The same cookies at another gate. */
function at(gate: Parameters<typeof visitor>[0], who: Visitor): Visitor {
  const there = visitor(gate)
  for (const [name, value] of who.jar) there.jar.set(name, value)
  return there
}

/** Everything that can be done to a person, with bodies that would do. */
const deeds = (id: string) =>
  [
    ['GET', '/users'],
    ['GET', `/users/${id}`],
    ['POST', '/users', { username: 'mallory', role: 'viewer' }],
    ['PATCH', `/users/${id}`, { displayName: 'Mallory' }],
    ['DELETE', `/users/${id}`],
    ['POST', `/users/${id}/reset-password`],
    ['POST', `/users/${id}/revoke-sessions`],
  ] as const

const doIt = (who: Visitor, [method, path, json]: ReturnType<typeof deeds>[number]) =>
  who.send(method, path, json ? { json } : {})

describe('AUTHZ', () => {
  test('AUTHZ-01: nobody reads or ends the sessions of somebody else', async () => {
    const { open, adaSid } = await withOwner()
    const bob = await signedIn(open, 'bob')
    const eve = await signedIn(open, 'eve')
    const said = await unharmed(open, async () => {
      for (const sid of [bob.sid, adaSid])
        expectRefused(await eve.who.send('DELETE', `/auth/sessions/${sid}`), 404, 'not_found')
      const list = await eve.who.send('GET', '/auth/sessions')
      expect(list.text).not.toContain(bob.sid)
      for (const body of [{ ids: [eve.sid, bob.sid] }, { userId: bob.id }, [bob.sid]]) {
        const path = '/auth/sessions/revoke-others'
        expectRefused(await eve.who.send('POST', path, { json: body }), 400, 'malformed_request')
      }
      // A query that there is not changes nothing of whose it is.
      for (const query of [`userId=${bob.id}`, `id=${bob.sid}`, 'scope=own&scope=all'])
        expectRefused(
          await eve.who.send('GET', `/auth/sessions?${query}`),
          422,
          'validation_failed',
        )
    })
    expect(said).toEqual([])
    expect((await me(bob.who)).status).toBe(200)
  })

  test.each(['member', 'viewer'] as const)(
    'AUTHZ-02: a %s does none of what administrators do, and it is recorded',
    async (role) => {
      const { open, adaId } = await withOwner()
      const bob = await signedIn(open, 'bob')
      const eve = await signedIn(open, 'eve', { role })
      for (const id of [adaId, bob.id, eve.id]) {
        const said = await unharmed(open, async () => {
          for (const deed of deeds(id))
            expectRefused(await doIt(eve.who, deed), 403, 'forbidden', deed.join(' '))
        })
        expect(said.map(({ type, actor, session }) => [type, actor, session])).toEqual(
          Array(7).fill(['access.refused', `user:${eve.id}`, eve.sid]),
        )
      }
    },
  )

  test('AUTHZ-02: a role held in a scope does nothing everywhere', async () => {
    const { open, ada } = await withOwner()
    const eve = await signedIn(open, 'eve')
    const scopes = [{ role: 'owner', scope: 'department:sales' }]
    await ada.send('PATCH', `/users/${eve.id}`, { json: { scopes } })
    expect((await me(eve.who)).json).toMatchObject({ permissions: [], user: { scopes } })
    await unharmed(open, async () => {
      for (const deed of deeds(eve.id)) expectRefused(await doIt(eve.who, deed), 403, 'forbidden')
    })
  })

  test('AUTHZ-03: no body makes more of anybody than the contract says', async () => {
    const { open, ada } = await withOwner()
    const bob = await signedIn(open, 'bob')
    const expiresAt = new Date(open.now() + 86_400_000).toISOString()
    const { key } = await issue(open, ada)
    const extra = [
      ...['id', 'userId', 'isOwner', 'createdAt', 'version', 'passwordHash', 'temporaryUntil'],
      ...[
        'mustChange',
        'mustChangePassword',
        'deletedAt',
        'lastLoginAt',
        'permissions',
        '__proto__',
      ],
    ]
    const bodies: [string, string, Record<string, unknown>, string[]][] = [
      ['POST', '/users', { username: 'eve', role: 'viewer' }, ['scopes', 'disabled']],
      ['PATCH', `/users/${bob.id}`, { displayName: 'Bob' }, ['username', 'password']],
      ['POST', '/auth/step-up', { password }, ['until', 'window', 'sessionId']],
      ['POST', '/auth/api-keys', { name: 'ci', scopes: [], expiresAt }, ['secret', 'owner']],
      [
        'POST',
        `/auth/api-keys/${key.id}/rotate`,
        {},
        ['secret', 'scopes', 'name', 'expiresAt', 'lastFour'],
      ],
      ['POST', '/auth/ws-ticket', {}, ['ticket', 'expiresIn', 'role', 'sessionId']],
      [
        'POST',
        '/auth/change-password',
        { currentPassword: password, newPassword: chosen },
        ['role', 'scopes', 'username', 'remember'],
      ],
    ]
    await unharmed(open, async () => {
      for (const [method, path, body, more] of bodies)
        for (const name of [...extra, ...more]) {
          // By hand: an object of ours would lose `__proto__` on the way.
          const text = JSON.stringify(body)
            .replace(/,?}$/, `,"${name}":"owner"}`)
            .replace('{,', '{')
          const headers = { 'Content-Type': 'application/json' }
          const got = await ada.send(method, path, { body: text, headers })
          if (name === '__proto__') {
            expectRefused(got, 400, 'malformed_request', path)
            continue
          }
          expectRefused(got, 422, 'validation_failed', `${path} ${name}`)
          expect(got.json.fields).toEqual([
            { name, code: 'unknown_field', detail: expect.any(String) },
          ])
        }
    })
    // Each of them would do without what was added.
    for (const [method, path, json] of bodies)
      expect([path, (await ada.send(method, path, { json })).status < 300]).toEqual([path, true])
  })

  test.each(databases)('AUTHZ-06: nobody reaches above his own role, on %s', async (kind) => {
    const { open, adaId, adaSid } = await withOwner(kind)
    const eve = await signedIn(open, 'eve', { role: 'admin' })
    const bob = await signedIn(open, 'bob')
    const said = await unharmed(open, async () => {
      for (const deed of deeds(adaId).filter(
        ([method, path]) => method !== 'GET' && path !== '/users',
      ))
        expectRefused(await doIt(eve.who, deed), 403, 'forbidden', deed.join(' '))
      for (const json of [{ role: 'viewer' }, { disabled: true }, { scopes: [] }, {}])
        expectRefused(await eve.who.send('PATCH', `/users/${adaId}`, { json }), 403, 'forbidden')
      expectRefused(await eve.who.send('DELETE', `/auth/sessions/${adaSid}`), 403, 'forbidden')
      const owner = { role: 'owner' }
      const scoped = { scopes: [{ role: 'owner', scope: 'a' }] }
      for (const id of [eve.id, bob.id])
        for (const json of [owner, scoped, { ...owner, disabled: false }])
          expectRefused(await eve.who.send('PATCH', `/users/${id}`, { json }), 403, 'forbidden')
      const json = { username: 'mallory', role: 'owner' }
      expectRefused(await eve.who.send('POST', '/users', { json }), 403, 'forbidden')
    })
    expect(said.map(({ type, reason }) => [type, reason])).toEqual(
      Array(16).fill(['access.refused', 'role']),
    )
    // What is not above is his to do.
    const up = await eve.who.send('PATCH', `/users/${bob.id}`, { json: { role: 'admin' } })
    expect([up.status, up.json.role]).toEqual([200, 'admin'])
  })

  test('AUTHZ-07: an id in any other shape is nobody', async () => {
    const { open, ada, adaId } = await withOwner()
    const bob = await signedIn(open, 'bob')
    const { id } = bob
    const shapes = [
      ...['[]', '{}', '%7B%7D', '1e3', '0x1', '-1', '0', 'null', 'undefined', 'me', '*', '%'],
      ...[
        `${id}%00`,
        `%00${id}`,
        `..%2f${id}`,
        `${id}%2f..`,
        `${id};a=b`,
        `${id}.json`,
        `${id}%20`,
      ],
      ...[id.toUpperCase(), `${id}0`, id.slice(0, -1), `${id},${adaId}`, '٣'.repeat(22), `"${id}"`],
      ...['x'.repeat(10_240), `' or '1'='1`, `id[]=${id}`, `${id}%0d%0aSet-Cookie:a=b`],
    ]
    await unharmed(open, async () => {
      for (const shape of shapes)
        for (const deed of deeds(shape).filter(([, path]) => path !== '/users')) {
          const { status } = await doIt(ada, deed)
          expect([shape, deed[0], status === 400 || status === 404]).toEqual([shape, deed[0], true])
        }
    })
  })

  test.each(databases)(
    'AUTHZ-08: lists and answers hold what they are for and nothing else, on %s',
    async (kind) => {
      const { open, ada, adaId } = await withOwner(kind)
      const bob = await signedIn(open, 'bob')
      const made = await ada.send('POST', '/users', { json: { username: 'eve', role: 'viewer' } })
      const eveId = made.json.user.id
      const { secret } = await issue(open, ada)
      await guesses(open.gate, 'nobody', 10)
      const answers = [
        made,
        await ada.send('GET', '/users'),
        await ada.send('GET', '/users?query=bob'),
        await ada.send('GET', `/users/${bob.id}`),
        await ada.send('PATCH', `/users/${bob.id}`, { json: { role: 'viewer' } }),
        await ada.send('POST', `/users/${eveId}/reset-password`),
        await ada.send('GET', '/auth/sessions?scope=all'),
        await ada.send('POST', `/users/${bob.id}/revoke-sessions`),
        await ada.send('GET', '/auth/activity'),
        await ada.send('POST', '/auth/step-up', { json: { password } }),
        ...(await Promise.all(
          ['/auth/api-keys', '/auth/devices', '/audit', '/lockouts', '/overview', '/roles'].map(
            (path) => ada.send('GET', path),
          ),
        )),
        await ada.send('POST', '/auth/change-password', {
          json: { currentPassword: password, newPassword: chosen },
        }),
        await ada.send('GET', '/auth/me'),
      ]
      const kept = await open.query('select id, "passwordHash" as hash, revision from users')
      const rows = await open.query('select revision, digest from sessions')
      const macs = await open.query('select mac from audit')
      const keys = await open.query('select digest from keys')
      for (const answer of answers) {
        expect(answer.status).toBeLessThan(300)
        expect(answer.text).not.toMatch(/argon2|\$v=|\$m=|hash|revision|version|digest|salt|"mac"/i)
        expect(answer.text).not.toContain(secret.slice(26, 60))
        for (const { hash, revision, digest, mac } of [...kept, ...rows, ...macs, ...keys])
          for (const secret of [hash, revision, digest, mac])
            if (typeof secret === 'string' && secret !== 'by hand')
              expect(answer.text).not.toContain(secret)
      }
      const user = [
        ...['id', 'username', 'displayName', 'role', 'scopes', 'disabled'],
        ...['mustChangePassword', 'createdAt', 'lastLoginAt'],
      ]
      const list = (await ada.send('GET', '/users')).json.items as object[]
      expect(list).toHaveLength(3)
      for (const one of list) expect(Object.keys(one)).toEqual(user)
      expect(Object.keys((await ada.send('GET', `/users/${adaId}`)).json)).toEqual(user)
    },
  )

  test('AUTHZ-10: a cursor that was altered, or is somebody else’s, is none', async () => {
    const { open, ada } = await withOwner()
    const eve = await signedIn(open, 'eve', { role: 'admin' })
    for (const name of ['bob', 'carl']) await addPerson(open, name)
    const first = await ada.send('GET', '/users?limit=2')
    const cursor = String(first.json.nextCursor)
    expect((await ada.send('GET', `/users?limit=2&cursor=${cursor}`)).status).toBe(200)
    const bad = [
      '',
      'AAAA',
      `${cursor}A`,
      cursor.slice(0, -1),
      cursor.replace(/^./, (one) => (one === 'z' ? 'y' : 'z')),
      cursor.replaceAll('~', '.'),
      `${cursor}~${cursor}`,
      'x'.repeat(600),
    ]
    await unharmed(open, async () => {
      for (const one of bad)
        expectRefused(await ada.send('GET', `/users?cursor=${one}`), 422, 'validation_failed', one)
      for (const path of [`/users?query=b&cursor=${cursor}`, `/auth/sessions?cursor=${cursor}`])
        expectRefused(await ada.send('GET', path), 422, 'validation_failed', path)
      expectRefused(await eve.who.send('GET', `/users?cursor=${cursor}`), 422, 'validation_failed')
    })
  })

  test.each(databases)(
    'AUTHZ-11: who is demoted in the middle of a long deed does no more of it, on %s',
    async (kind) => {
      const { open, ada } = await withOwner(kind, { session: { limit: 0 } })
      const eve = await signedIn(open, 'eve', { role: 'admin' })
      const bob = await signedIn(open, 'bob')
      await manySessions(open, bob.sid, 2_499)
      let commits = 0
      const before = async () => {
        commits += 1
        // The first slice has been ended; the second has been read and is about to be.
        if (commits === 2) await ada.send('PATCH', `/users/${eve.id}`, { json: { role: 'member' } })
      }
      const there = at(await watchedGate(open.database, clock, { before }), eve.who)
      const got = await there.send('POST', `/users/${bob.id}/revoke-sessions`)
      expectRefused(got, 403, 'forbidden')
      const [row] = await open.query(`select count(*) as count from sessions
      where "userId" = '${bob.id}' and "endedAt" is null`)
      expect(Number(row?.count)).toBe(2_250)
    },
  )

  test('AUTHZ-12: ids are 128 random bits, and next to one there is nobody', async () => {
    const { open, ada } = await withOwner()
    const ids: string[] = []
    for (let n = 0; n < 20; n++) {
      const json = { username: `person${n}`, role: 'viewer', password: chosen }
      ids.push((await ada.send('POST', '/users', { json })).json.user.id)
    }
    for (const id of ids) {
      expect(id).toMatch(/^[\w-]{22}$/)
      expect(Buffer.from(id, 'base64url').toString('base64url')).toBe(id)
    }
    // Nothing is shared by ids made one after the other.
    for (let place = 0; place < 22; place++)
      expect(new Set(ids.map((id) => id[place])).size).toBeGreaterThan(place === 21 ? 1 : 4)
    const [id = ''] = ids
    await unharmed(open, async () => {
      const bytes = Buffer.from(id, 'base64url')
      for (let bit = 0; bit < 128; bit++) {
        const near = Buffer.from(bytes)
        near.writeUInt8(near.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
        const path = `/users/${near.toString('base64url')}`
        expectRefused(await ada.send('GET', path), 404, 'not_found')
      }
    })
  }, 60_000)

  test('AUTHZ-14: whoever may not read the audit reads of himself only', async () => {
    const { open, ada, adaId } = await withOwner()
    const eve = await signedIn(open, 'eve')
    await ada.send('PATCH', `/users/${eve.id}`, { json: { displayName: 'Eve' } })
    for (const path of ['/audit', '/audit/export', '/audit/verify'])
      expectRefused(await eve.who.send('GET', path), 403, 'forbidden')
    expectRefused(await eve.who.send('GET', `/users/${adaId}/activity`), 404, 'not_found')
    for (const query of [`user=${adaId}`, `subject=user:${adaId}`, 'scope=all'])
      expectRefused(await eve.who.send('GET', `/auth/activity?${query}`), 422, 'validation_failed')
    const items = (await eve.who.send('GET', '/auth/activity')).json.items as { subject: string }[]
    expect(new Set(items.map(({ subject }) => subject))).toEqual(new Set([`user:${eve.id}`]))
  })
})

/** Gives somebody more sessions by hand, as if he had signed in as often. */
async function manySessions({ query }: TestGate, sid: string, count: number) {
  const [row = {}] = await query(`select * from sessions where id = '${sid}'`)
  const columns = Object.keys(row).filter((name) => name !== 'id')
  const list = (of: string) => columns.map((name) => `${of}"${name}"`).join(', ')
  await query(`with recursive numbers(n) as
      (select 1 union all select n + 1 from numbers where n < ${count})
    insert into sessions (id, ${list('')})
    select 'many' || n, ${list('s.')} from numbers,
      (select * from sessions where id = '${sid}') s`)
}

describe('MUST', () => {
  test('MUST-01: who must change the password does nothing else first, whatever his role', async () => {
    const { open, adaId } = await withOwner()
    for (const role of ['owner', 'admin', 'member'] as const) {
      const eve = await signedIn(open, `must-${role}`, { role, mustChange: true })
      const said = await unharmed(open, async () => {
        for (const deed of deeds(adaId))
          expectRefused(await doIt(eve.who, deed), 403, 'password_change_required', deed.join(' '))
        for (const [method, path] of [
          ['GET', '/auth/sessions'],
          ['GET', '/auth/sessions?scope=all'],
          ['DELETE', `/auth/sessions/${eve.sid}`],
          ['POST', '/auth/sessions/revoke-others'],
          ['GET', '/auth/activity'],
        ] as const)
          expectRefused(await eve.who.send(method, path), 403, 'password_change_required', path)
        const stepUp = await eve.who.send('POST', '/auth/step-up', { json: { password } })
        expectRefused(stepUp, 403, 'password_change_required')
        const headers = { 'Sec-Fetch-Site': 'same-origin' }
        expect((await eve.who.send('GET', '/auth/csrf', { headers })).status).toBe(200)
        expect((await me(eve.who)).status).toBe(200)
      })
      expect(said).toEqual([])
      expect((await eve.who.send('POST', '/auth/logout')).status).toBe(204)
    }
  })

  test('MUST-06: nor gets what is worth a session: none of it is answered to him', async () => {
    const { open } = await withOwner()
    const eve = await signedIn(open, 'eve', { mustChange: true })
    await unharmed(open, async () => {
      for (const [method, path] of [
        ['POST', '/auth/ws-ticket'],
        ['GET', '/events'],
        ['POST', '/auth/api-keys'],
        ['GET', '/audit/export'],
        ['GET', '/metrics'],
      ] as const) {
        const headers = { 'Sec-Fetch-Site': 'same-origin' }
        const got = await eve.who.send(method, path, { headers })
        expectRefused(got, 403, 'password_change_required', path)
      }
    })
  })

  test('MUST-07: nobody clears that he must, but by choosing a password', async () => {
    const { open, ada } = await withOwner()
    const eve = await signedIn(open, 'eve', { role: 'admin', mustChange: true })
    await unharmed(open, async () => {
      for (const name of ['mustChangePassword', 'mustChange', 'temporaryUntil', 'kind'])
        for (const [who, code, status] of [
          [eve.who, 'password_change_required', 403],
          [ada, 'validation_failed', 422],
        ] as const) {
          const json = { [name]: false }
          expectRefused(await who.send('PATCH', `/users/${eve.id}`, { json }), status, code, name)
        }
    })
    const json = { role: 'owner', displayName: 'Eve', disabled: false }
    const done = await ada.send('PATCH', `/users/${eve.id}`, { json })
    expect([done.status, done.json.mustChangePassword]).toEqual([200, true])
    expectRefused(await eve.who.send('GET', '/users'), 403, 'password_change_required')
  })
})

describe('STEP', () => {
  test('STEP-01: without a recent proof none of it is done, by an owner either', async () => {
    const { open, ada } = await withOwner()
    const bob = await signedIn(open, 'bob')
    open.pass(10 * minute)
    await me(ada)
    const said = await unharmed(open, async () => {
      for (const deed of deeds(bob.id).filter(([method]) => method !== 'GET')) {
        const refused = await doIt(ada, deed)
        expectRefused(refused, 403, 'step_up_required', deed.join(' '))
        expect(refused.json.stepUp).toEqual({ within: 600 })
      }
    })
    expect(said).toEqual([])
    // The proof is of the session: signing in elsewhere gives it nothing.
    await visitor(open.gate).logIn('ada')
    expectRefused(await ada.send('DELETE', `/users/${bob.id}`), 403, 'step_up_required')
  })

  /** What happens to Ada's session between what the guard saw and what is written. */
  const meanwhile: Readonly<Record<string, readonly [statement: string, code: string]>> = {
    'was ended': [
      `update sessions set "endedAt" = 1, "endReason" = 'revoked', revision = 'moved' where id = `,
      'session_revoked',
    ],
    'has a proof that grew old': [
      `update sessions set "provenAt" = ${noon - 10 * minute}, revision = 'moved' where id = `,
      'step_up_required',
    ],
  }
  // The blow falls between the two each time; `npm run campaign -- races` plays more of it.
  const rounds = process.env.CAMPAIGN ? 300 : 30

  describe.each(databases)('on %s', (kind) => {
    test.each(Object.entries(meanwhile))(
      'STEP-04: a session that %s between guard and commit writes nothing',
      async (name, [statement, code]) => {
        const { open, ada, adaSid } = await withOwner(kind)
        const bob = await signedIn(open, 'bob')
        const [kept] = await open.query(
          `select revision, "provenAt" as at from sessions where id = '${adaSid}'`,
        )
        let strikes = 0
        const strike = async () => {
          strikes += 1
          await open.query(`${statement}'${adaSid}'`)
        }
        let before = strike
        const node = await watchedGate(open.database, clock, { before: () => before() })
        const there = at(node, ada)
        await open.recorded()
        for (let n = 0; n < rounds; n++) {
          before = strike
          const json = { displayName: `round ${n}` }
          const asked = there.send('PATCH', `/users/${bob.id}`, { json })
          const got = await asked
          expect([n, got.json.code, strikes]).toEqual([n, code, n + 1])
          await open.query(`update sessions set "endedAt" = null, "endReason" = null,
            "provenAt" = ${kept?.at}, revision = '${kept?.revision}' where id = '${adaSid}'`)
        }
        expect(
          await open.query(`select "displayName" as name from users where id = '${bob.id}'`),
        ).toEqual([{ name: null }])
        expect(await open.recorded()).toEqual([])
        held(`a session that ${name} before the commit, ${kind}`, { rounds })
      },
      120_000,
    )

    test('… and writes all the same when what was only shown is not checked', async () => {
      const { open, ada, adaSid } = await withOwner(kind)
      const bob = await signedIn(open, 'bob')
      const before = async () => {
        await open.query(`${meanwhile['was ended']?.[0]}'${adaSid}'`)
      }
      const mutation = mutations['what was only shown is not checked']
      const there = at(await watchedGate(open.database, clock, { before, mutation }), ada)
      const json = { displayName: 'written' }
      expect((await there.send('PATCH', `/users/${bob.id}`, { json })).status).toBe(200)
    })
  })
})

describe.each(databases)('REV on %s', (kind) => {
  test('REV-01: cookies that were copied are worth nothing after signing out, on any node', async () => {
    const { open, ada } = await withOwner(kind, { refresh: { enabled: true } })
    const copies = [at(open.gate, ada), at(await open.another(), ada)]
    // Each node has let them in, and remembers that.
    for (const copy of copies) expect((await me(copy)).status).toBe(200)
    expect((await ada.send('POST', '/auth/logout')).status).toBe(204)
    for (const copy of copies) {
      expectRefused(await me(copy), 401, 'session_revoked')
      expect((await copy.send('POST', '/auth/refresh')).status).toBe(401)
    }
  })

  test('REV-04: who is demoted does nothing more from the moment that is answered, on any node', async () => {
    const { open, ada } = await withOwner(kind)
    const eve = await signedIn(open, 'eve', { role: 'admin' })
    const there = at(await open.another(), eve.who)
    const seen: { after: boolean; status: number }[] = []
    let answered = false
    let over = false
    const reading = Promise.all(
      Array.from({ length: 8 }, async () => {
        while (!over) {
          const after = answered
          const { status } = await there.send('GET', '/users')
          seen.push({ after, status })
          await new Promise(setImmediate)
        }
      }),
    )
    while (seen.length < 20) await new Promise(setImmediate)
    await ada.send('PATCH', `/users/${eve.id}`, { json: { role: 'member' } })
    answered = true
    const had = seen.length
    while (seen.length < had + 40) await new Promise(setImmediate)
    over = true
    await reading
    const statuses = (after: boolean) =>
      new Set(seen.filter((one) => one.after === after).map(({ status }) => status))
    expect(statuses(false)).toContain(200)
    expect(statuses(true)).toEqual(new Set([403]))
  })

  test('REV-08: the others go and this one stays; ending this one signs out', async () => {
    const { open, ada, adaSid } = await withOwner(kind)
    const others = Array.from({ length: 4 }, () => visitor(open.gate))
    for (const one of others) await one.logIn('ada')
    const done = await ada.send('POST', '/auth/sessions/revoke-others')
    expect(done.json).toEqual({ revoked: 4 })
    for (const one of others) expectRefused(await me(one), 401, 'session_revoked')
    expect((await me(ada)).status).toBe(200)
    const out = await ada.send('DELETE', `/auth/sessions/${adaSid}`)
    expect([out.status, [...ada.jar.keys()]]).toEqual([204, ['__Host-device']])
  })
})
