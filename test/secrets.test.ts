/**
 * Secrets change while nodes run: nobody is signed out, nothing is taken for a theft, what is retired
 * is refused, and what has leaked ends every session.
 *
 * @module
 */
import { chmodSync, copyFileSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { macOf } from '../src/rules/audit.ts'
import { deriveKeys, purposes } from '../src/rules/keys.ts'
import { secretLines } from '../src/rules/secret-file.ts'
import { day, hour, minute, second } from '../src/rules/time.ts'
import { readRing } from '../src/system/root-secret.ts'
import { databases, origin } from './gate/gate.ts'
import { issue, program } from './gate/keys.ts'
import { openRing } from './gate/ring.ts'
import { visitor } from './gate/visitor.ts'

const fromHere = { headers: { Origin: origin } }

const idIn = (token = '') =>
  JSON.parse(Buffer.from(token.split('.')[0] ?? '', 'base64url').toString()).kid as string

describe.each(databases)('on %s', (kind) => {
  test('JWT-12: what was made before a rotation holds, what is made after it is of the new', async () => {
    const { gate, rotate, recorded } = await openRing(kind)
    const ada = visitor(gate)
    await ada.setUp()
    const before = idIn(ada.jar.get('__Host-session'))
    const csrf = ada.jar.get('__Host-csrf')
    await recorded()
    const active = await rotate()
    expect(active).not.toBe(before)
    expect(await recorded()).toMatchObject([
      {
        type: 'secret.rotated',
        actor: 'operator:grace',
        subject: `secret:${before}`,
        outcome: 'success',
        reason: null,
        details: JSON.stringify({ active }),
      },
    ])

    expect((await ada.send('GET', '/auth/me')).status).toBe(200)
    expect((await ada.send('POST', '/auth/sessions/revoke-others')).status).toBe(200)
    expect((await ada.send('POST', '/auth/refresh')).status).toBe(200)
    expect(idIn(ada.jar.get('__Host-session'))).toBe(active)
    expect(ada.jar.get('__Host-csrf')).toBe(csrf)
    expect((await ada.send('POST', '/auth/refresh')).status).toBe(200)
    const eve = visitor(gate)
    expect((await eve.logIn('ada')).status).toBe(200)
    expect(idIn(eve.jar.get('__Host-session'))).toBe(active)
  })

  test('RT-18: a node that is behind answers 503 to what it cannot read, and records nothing', async () => {
    const { gate, another, otherFile, file, rotate, recorded, dump, query, told } =
      await openRing(kind)
    const late = await another({ secretFile: otherFile })
    const [old, ada, csrf] = [visitor(gate), visitor(gate), visitor(gate)]
    await old.setUp()
    await ada.logIn('ada')
    await csrf.logIn('ada')
    // Its access token is issued a moment after its refresh token, a rotation between them.
    const between = visitor(gate)
    for (const [name, value] of ada.jar) between.jar.set(name, value)
    await rotate()
    await ada.send('POST', '/auth/refresh')
    between.jar.set('__Host-session', ada.jar.get('__Host-session') ?? '')
    csrf.jar.delete('__Host-csrf')
    await csrf.send('GET', '/auth/csrf', fromHere)
    const before = await dump()
    await recorded()

    const at = (from: typeof ada) => {
      const there = visitor(late)
      for (const [name, value] of from.jar) there.jar.set(name, value)
      return there
    }
    const stranger = visitor(late)
    const answers = [
      await at(ada).send('GET', '/auth/me'),
      await at(between).send('GET', '/auth/me'),
      await at(ada).send('POST', '/auth/refresh'),
      await at(ada).send('POST', '/auth/logout'),
      await at(ada).send('GET', '/auth/csrf', fromHere),
      await at(csrf).send('POST', '/auth/sessions/revoke-others'),
      await at(csrf).send('POST', '/auth/refresh'),
      await stranger.logIn('ada'),
      await stranger.logIn('nobody'),
      await stranger.send('GET', '/auth/me', { headers: { Cookie: '__Host-session=a.b.c' } }),
    ]
    for (const { status, json, set, headers } of answers) {
      expect([status, json.code, set]).toEqual([503, 'unavailable', []])
      expect(headers.get('retry-after')).toBe('1')
    }
    expect([await recorded(), await dump()]).toEqual([[], before])
    // What it can read it goes on serving.
    expect((await at(old).send('GET', '/auth/me')).status).toBe(200)
    expect((await stranger.send('GET', '/auth/me')).status).toBe(401)
    expect((await stranger.send('GET', '/health/ready')).status).toBe(200)

    await late.lookAtSecret()
    await late.lookAtSecret()
    const lacking = { chore: 'secret', is: 'refused', complaints: [expect.any(String)] }
    expect(told.filter((one) => 'complaints' in one)).toEqual([lacking])
    copyFileSync(file, otherFile)
    await late.lookAtSecret()
    for (const who of [ada, csrf, old]) {
      expect((await at(who).send('POST', '/auth/refresh')).status).toBe(200)
    }
    expect(await query("select * from audit where type = 'refresh.replayed'")).toEqual([])
  })

  test('JWT-13: a key that nobody has proves nothing', async () => {
    const { gate } = await openRing(kind)
    const ada = visitor(gate)
    await ada.setUp()
    const [, payload, mac] = (ada.jar.get('__Host-session') ?? '').split('.')
    const header = { alg: 'HS256', kid: 'unknown0', typ: 'at+jwt' }
    const head = Buffer.from(JSON.stringify(header)).toString('base64url')
    ada.jar.set('__Host-session', [head, payload, mac].join('.'))
    const refresh = ada.jar.get('__Host-refresh') ?? ''
    expect((await ada.send('GET', '/auth/me')).json.code).toBe('session_expired')
    ada.jar.delete('__Host-refresh')
    expect((await ada.send('GET', '/auth/me')).json.code).toBe('not_authenticated')
    const bytes = Buffer.from(refresh, 'base64url')
    bytes[3] = (bytes[3] ?? 0) ^ 1
    ada.jar.set('__Host-refresh', bytes.toString('base64url'))
    // An unknown root is never taken for a theft.
    expect((await ada.send('POST', '/auth/refresh')).json.code).toBe('unavailable')
  })

  test('SUP-01: retiring waits for whatever needs it, and says what', async () => {
    const { gate, rotate, older, operator, pass, query, recorded, file } = await openRing(kind)
    const ada = visitor(gate)
    await ada.setUp()
    const session = await query('select * from sessions')
    const first = (await operator.secretStatus()).met ?? ''
    await expect(operator.retireSecret(first)).rejects.toThrow('Rotate first')
    await rotate()
    const uses = async () => (await older())[0]?.uses
    expect(await uses()).toEqual({
      sessions: { count: 1, until: Number(session[0]?.expiresAt) },
      devices: { count: 1, until: Date.UTC(2026, 0, 1, 12) + 180 * day },
      keys: { count: 0, until: null },
      passwords: 1,
    })
    await expect(operator.retireSecret(first)).rejects.toMatchObject({
      message: `Secret ${first} is still needed.`,
      uses: { passwords: 1 },
    })
    expect(readFileSync(file, 'utf8')).not.toContain('audit-only')

    // Somebody who signs in under the new one needs the old one for nothing, pepper included.
    pass(2 * minute)
    await visitor(gate).logIn('ada')
    expect(await uses()).toMatchObject({ sessions: { count: 1 }, passwords: 0 })
    pass(8 * hour)
    expect(await uses()).toMatchObject({ sessions: { count: 0 }, devices: { count: 1 } })
    pass(180 * day)
    expect((await uses())?.devices.count).toBe(0)

    await recorded()
    await operator.retireSecret(first)
    expect(await recorded()).toMatchObject([
      { type: 'secret.retired', actor: 'operator:grace', subject: `secret:${first}` },
    ])
    expect(secretLines(readFileSync(file, 'utf8')).map(({ only }) => only)).toEqual([
      undefined,
      'audit-only',
    ])
    await gate.lookAtSecret()
    expect((await ada.send('GET', '/auth/me')).json.code).toBe('not_authenticated')
    expect((await ada.send('POST', '/auth/refresh')).json.code).toBe('refresh_token_invalid')
    await expect(operator.retireSecret(first)).rejects.toThrow('retired already')
    await expect(operator.retireSecret('whatever')).rejects.toThrow('no secret whatever')
    expect((await visitor(gate).logIn('ada')).status).toBe(200)
  })

  test('a session renewed under an old secret needs that one, however late', async () => {
    const { gate, another, rotate, older, otherFile, pass } = await openRing(kind)
    const late = await another({ secretFile: otherFile })
    const ada = visitor(late)
    await ada.setUp()
    await rotate()
    pass(5 * minute)
    // The node that is behind goes on renewing what it can read.
    expect((await ada.send('POST', '/auth/refresh')).status).toBe(200)
    expect((await older())[0]?.uses.sessions.count).toBe(1)
    const here = visitor(gate)
    for (const [name, value] of ada.jar) here.jar.set(name, value)
    expect((await here.send('POST', '/auth/refresh')).status).toBe(200)
  })

  test('an emergency ends every session as restored; passwords still sign in, keys go on', async () => {
    const ring = await openRing(kind)
    const { gate, another, otherFile, rotate, recorded, query, file, older } = ring
    const late = await another({ secretFile: otherFile })
    const ada = visitor(gate)
    await ada.setUp()
    const { secret: key } = await issue(ring, ada)
    const [was] = await query('select epoch from instance')
    await recorded()
    await rotate(true)
    expect(await recorded()).toMatchObject([{ type: 'secret.rotated', reason: 'emergency' }])
    expect(await query('select epoch from instance')).toEqual([{ epoch: Number(was?.epoch) + 1 }])

    for (const node of [gate, late]) {
      const there = visitor(node)
      for (const [name, value] of ada.jar) there.jar.set(name, value)
      const me = await there.send('GET', '/auth/me')
      expect([me.status, me.json.code, me.json.reason]).toEqual([
        401,
        'session_revoked',
        'restored',
      ])
    }
    expect((await ada.send('POST', '/auth/refresh')).json.code).toBe('refresh_token_invalid')
    // A node without the new secret lets nobody in under the leaked one.
    expect((await visitor(late).logIn('ada')).status).toBe(503)
    const state = 'passwords-only'
    const uses = { passwords: 1, keys: { count: 1 } }
    expect((await older())[0]).toMatchObject({ state, uses })
    // A key was drawn, not derived. Once used, it is kept under the new secret.
    expect((await program(gate, key)('GET', '/users')).status).toBe(200)
    expect((await older())[0]?.uses.keys.count).toBe(0)
    expect((await visitor(gate).logIn('ada')).status).toBe(200)
    expect((await older())[0]?.uses.passwords).toBe(0)
    copyFileSync(file, otherFile)
    await late.lookAtSecret()
    expect((await visitor(late).logIn('ada')).status).toBe(200)
    // Ended once, not again by the node that came later.
    expect(await query('select epoch from instance')).toEqual([{ epoch: Number(was?.epoch) + 1 }])
  })

  test('a file that cannot be used changes nothing, and is told once', async () => {
    const { gate, file, told, rotate } = await openRing(kind)
    const ada = visitor(gate)
    await ada.setUp()
    await rotate()
    const good = readFileSync(file, 'utf8')
    told.length = 0
    const bad: [string, number][] = [
      ['', 0o600],
      ['hunter2\n', 0o600],
      [`Nine grey herons, two of them asleep, stand at the weir.\n`, 0o600],
      [good, 0o644],
    ]
    for (const [text, mode] of bad) {
      writeFileSync(file, text)
      chmodSync(file, mode)
      await gate.lookAtSecret()
      await gate.lookAtSecret()
      expect((await ada.send('POST', '/auth/refresh')).status).toBe(200)
    }
    expect(told).toHaveLength(bad.length)
    expect(JSON.stringify(told)).not.toMatch(/hunter2|herons/)
    rmSync(file)
    await gate.lookAtSecret()
    expect((await ada.send('POST', '/auth/refresh')).status).toBe(200)
  })

  test('an unclaimed instance is claimed by the link that was printed before', async () => {
    const { gate, another, file, rotate } = await openRing(kind, { setupToken: undefined })
    const printed = await gate.setupToken()
    await rotate()
    const token = await gate.setupToken()
    expect(token).not.toBe(printed)
    const again = await another({ secretFile: file, setupToken: undefined })
    expect(await again.setupToken()).toBe(token)
    const body = { setupToken: printed, username: 'ada', password: 'correct horse battery staple' }
    expect((await visitor(gate).send('POST', '/auth/setup', { json: body })).status).toBe(201)
  })

  test('records sealed before, between and after rotations are all checked by the ring', async () => {
    const { gate, rotate, query, operator, file, pass } = await openRing(kind)
    await visitor(gate).setUp()
    const first = (await operator.secretStatus()).met ?? ''
    await rotate()
    pass(31 * minute)
    await visitor(gate).logIn('ada')
    pass(180 * day)
    await operator.retireSecret(first)
    const second = await rotate()
    await visitor(gate).logIn('ada')

    const [here] = await query('select * from instance')
    const read = await readRing(file, 'secretFile')
    if (!read.ok) throw new Error(read.complaints.join())
    const keys = deriveKeys(read.ring, String(here?.instanceId))
    const ids = [...keys.ids, first].reverse()
    expect([ids.at(-1), ids[0]]).toEqual([second, first])
    const rows = await query('select * from audit order by chain, seq')
    const used = new Set<string>()
    const ends = new Map<string, string>()
    for (const row of rows) {
      const { mac, ...rest } = { ...row, seq: Number(row.seq), at: Number(row.at) } as never as {
        mac: string
      } & Parameters<typeof macOf>[2]
      const by = ids.find((id) => {
        const key = keys.byId('audit', id)
        return key && macOf(key, ends.get(rest.chain) ?? '', rest) === mac
      })
      expect(by).toBeDefined()
      used.add(by ?? '')
      ends.set(rest.chain, mac)
    }
    expect(used).toEqual(new Set(ids))
  })
})

test('the guide names every key there is (ASVS 11.1.1)', () => {
  const guide = readFileSync(join(import.meta.dirname, '../docs/guide/secrets.md'), 'utf8')
  const [, table = ''] = /\| purpose \|.*\n\|[-|]+\n((?:\|.*\n)+)/.exec(guide) ?? []
  expect([...table.matchAll(/^\| `([\w-]+)`/gm)].map(([, name]) => name)).toEqual(purposes)
})

test('a file that was only touched turns away nobody who is signing in', async () => {
  const { gate, query, file } = await openRing('sqlite')
  const ada = visitor(gate)
  await ada.setUp()
  // Its guess is charged when the writer is through.
  await query('begin immediate')
  const signingIn = visitor(gate).logIn('ada')
  writeFileSync(file, readFileSync(file, 'utf8'))
  utimesSync(file, 1, 1)
  await gate.lookAtSecret()
  await query('commit')
  expect((await signingIn).status).toBe(200)
})

test('two commands at once: one rotates, the other is told of it', async () => {
  const { operator, file } = await openRing('sqlite')
  writeFileSync(`${file}.new`, '', { mode: 0o600 })
  await expect(operator.rotateSecret(false)).rejects.toThrow('Another command is changing')
  rmSync(`${file}.new`)
  await operator.rotateSecret(false)
  expect(secretLines(readFileSync(file, 'utf8'))).toHaveLength(2)
})

test('a rotation comes by itself, within seconds', { timeout: 20 * second }, async () => {
  const { gate, operator } = await openRing('sqlite')
  const ada = visitor(gate)
  await ada.setUp()
  const { active } = await operator.rotateSecret(false)
  await expect
    .poll(
      async () => {
        await ada.send('POST', '/auth/refresh')
        return idIn(ada.jar.get('__Host-session'))
      },
      { timeout: 10 * second },
    )
    .toBe(active)
})
