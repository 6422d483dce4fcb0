/**
 * People who come from another program, with the hash of their password: they sign in as they did
 * there, and from then on it is kept as ours are.
 *
 * @module
 */
import { pbkdf2Sync, scryptSync } from 'node:crypto'
import { hashSync as argon2 } from '@node-rs/argon2'
import bcrypt from 'bcryptjs'
import { describe, expect, test } from 'vitest'
import { databases, openTestGate } from './gate/gate.ts'
import { expectRefused } from './gate/refusal.ts'
import { visitor } from './gate/visitor.ts'

/** Typed decomposed, as a Mac would send it: other programs hashed what was typed. */
const password = 'cafe\u0301 at the corner'
const salt = '9f1c2b7de4a05386c1b2d3e4f5061728'
const b64 = (bytes: Buffer | string) => Buffer.from(bytes).toString('base64').replace(/=+$/, '')
const pbkdf2 = (digest: string, length: number) => pbkdf2Sync(password, salt, 1000, length, digest)
const scrypt = (text: string, N: number, r: number, length: number) =>
  scryptSync(text, salt, length, { N, r, p: 1, maxmem: 2 ** 26 })

const imported: Readonly<Record<string, string>> = {
  bcrypt: bcrypt.hashSync(password, 5),
  'bcrypt of PHP': bcrypt.hashSync(password, 5).replace(/^\$2b/, '$2y'),
  scrypt: `$scrypt$ln=14,r=8,p=1$${b64(salt)}$${b64(scrypt(password, 16_384, 8, 32))}`,
  'scrypt of better-auth': `${salt}:${scrypt(password.normalize('NFKC'), 16_384, 16, 64).toString('hex')}`,
  'PBKDF2, SHA-256': `$pbkdf2-sha256$1000$${b64(salt)}$${b64(pbkdf2('sha256', 32)).replaceAll('+', '.')}`,
  'PBKDF2, SHA-512': `$pbkdf2-sha512$1000$${b64(salt)}$${b64(pbkdf2('sha512', 64))}`,
  'PBKDF2 of Django': `pbkdf2_sha256$1000$${salt}$${pbkdf2('sha256', 32).toString('base64')}`,
  argon2i: argon2(password, { algorithm: 1, memoryCost: 1024, timeCost: 3, parallelism: 2 }),
  'argon2id without pepper': argon2(password, { memoryCost: 19_456, timeCost: 2, parallelism: 1 }),
}

describe.each(databases)('on %s', (kind) => {
  test.each(Object.entries(imported))('%s: signs in, and is made anew', async (_, foreign) => {
    const { gate, query, recorded } = await openTestGate(kind)
    await visitor(gate).setUp()
    await query(`update users set "passwordHash" = '${foreign}', revision = 'imported'`)
    const kept = async () => String((await query('select * from users'))[0]?.passwordHash)
    await recorded()

    const wrong = await visitor(gate).logIn('ada', `${password}!`)
    expectRefused(wrong, 401, 'invalid_credentials')
    expect(await kept()).toBe(foreign)
    expect(await recorded()).toMatchObject([{ type: 'auth.refused', reason: 'wrong_password' }])

    expect((await visitor(gate).logIn('ada', password)).status).toBe(200)
    const anew = await kept()
    expect(anew).toMatch(/^[\w-]{8}\$argon2id\$v=19\$m=19456,t=2,p=1\$/)
    expect((await visitor(gate).logIn('ada', password.normalize('NFC'))).status).toBe(200)
    expect(await kept()).toBe(anew)
  })

  test('one that may not come in for the number of sessions is made anew all the same', async () => {
    const session = { limit: 1, limitPolicy: 'reject' } as const
    const { gate, query, recorded } = await openTestGate(kind, { session })
    await visitor(gate).setUp()
    await query(`update users set "passwordHash" = '${imported.bcrypt}', revision = 'imported'`)
    await recorded()
    const full = await visitor(gate).logIn('ada', password)
    expectRefused(full, 409, 'session_limit_reached')
    const [kept] = await query('select * from users')
    expect(kept?.passwordHash).toMatch(/^[\w-]{8}\$argon2id\$/)
    expect((await recorded()).map(({ type }) => type)).toEqual(['auth.refused'])
    expectRefused(await visitor(gate).logIn('ada', password), 409, 'session_limit_reached')
    expect((await query('select * from users'))[0]?.passwordHash).toBe(kept?.passwordHash)
  })

  test.each([
    '$2b$31$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
    '$scrypt$ln=30,r=8,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA',
    `${salt}:${'0'.repeat(127)}`,
    '$argon2id$v=19$m=4194304,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4',
    'plain: kept as it was typed',
  ])('%s lets nobody in, and that is recorded', async (corrupt) => {
    const { gate, query, recorded } = await openTestGate(kind)
    await visitor(gate).setUp()
    await query(`update users set "passwordHash" = '${corrupt}', revision = 'imported'`)
    await recorded()
    // Were it taken for what was typed, this would let somebody in.
    const typed = corrupt.replace('plain: ', '')
    expectRefused(await visitor(gate).logIn('ada', typed), 401, 'invalid_credentials')
    expect(await recorded()).toMatchObject([{ type: 'auth.refused', reason: 'corrupt_hash' }])
  })
})

test('six people at once, each with a hash of another program, and the gate answers meanwhile', async () => {
  const { gate, query } = await openTestGate('sqlite', {
    session: { limit: 0 },
    // As many guesses at once at one name; lockout is not the subject.
    lockout: { threshold: 100 },
  })
  const ada = visitor(gate)
  await ada.setUp()
  await query(`update users set "passwordHash" = '${imported.scrypt}', revision = 'imported'`)
  const many = Array.from({ length: 6 }, (_, n) =>
    visitor(gate, `192.0.2.${n}`).logIn('ada', password),
  )
  expect((await ada.send('GET', '/auth/me')).status).toBe(200)
  const answers = await Promise.all(many)
  // Where one has made it anew, whoever is still at the old one is let in as well.
  expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200))
})
