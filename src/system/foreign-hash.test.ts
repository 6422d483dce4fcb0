/** Hashes of other programs: known answers of each kind, and everything that is not quite one. */
import { scryptSync } from 'node:crypto'
import { afterAll, describe, expect, test } from 'vitest'
import { argon2id } from './argon2id.ts'

const hasher = argon2id({ workers: 1 })
afterAll(() => hasher.close())

async function verify(hash: string, password: string): Promise<boolean> {
  const done = await hasher.verify(hash, Buffer.from(password), 'a')
  if (!done.ok) throw new Error(done.code)
  return done.value
}

/** Base64 without padding, of hex. */
const b64 = (hex: string) => Buffer.from(hex, 'hex').toString('base64').replace(/=+$/, '')

/** By the recipe in better-auth's crypto/password.ts, on Node's own scrypt. */
function betterAuth(password: string, salt = '9f1c2b7de4a05386c1b2d3e4f5061728'): string {
  const cost = { N: 16_384, r: 16, p: 1, maxmem: 2 ** 26 }
  return `${salt}:${scryptSync(password.normalize('NFKC'), salt, 64, cost).toString('hex')}`
}

describe('known answers', () => {
  test.each([
    // Openwall crypt_blowfish 1.3, wrapper.c.
    ['$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW', 'U*U'],
    ['$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK', 'U*U*'],
    ['$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a', 'U*U*U'],
    ['$2y$05$CCCCCCCCCCCCCCCCCCCCC.7uG0VCzI2bS7j6ymqJi9CdcdxiRTWNy', ''],
    [
      '$2b$05$abcdefghijklmnopqrstuu5s2v8.iXieOjg/.AySBTTZIIVFJeBui',
      '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789chars after 72 are ignored',
    ],
    // RFC 7914, section 12.
    [
      `$scrypt$ln=10,r=8,p=16$${b64(Buffer.from('NaCl').toString('hex'))}$${b64('fdbabe1c9d3472007856e7190d01e9fe7c6ad7cbc8237830e77376634b3731622eaf30d92e22a3886ff109279d9830dac727afb94a83ee6d8360cbdfa2cc0640')}`,
      'password',
    ],
    [
      `$scrypt$ln=14,r=8,p=1$${b64(Buffer.from('SodiumChloride').toString('hex'))}$${b64('7023bdcb3afd7348461c06cd81fd38ebfda8fbba904f8e3ea9b543f6545da1f2d5432955613f0fcf62d49705242a9af9e61e85dc0d651e40dfcf017b45575887')}`,
      'pleaseletmein',
    ],
    // passlib, documentation of passlib.hash.scrypt.
    [
      '$scrypt$ln=16,r=8,p=1$aM15713r3Xsvxbi31lqr1Q$nFNh2CVHVjNldFVKDHDlm4CbdRSCdEBsjjJxD+iCs5E',
      'password',
    ],
    // RFC 7914, section 11: PBKDF2-HMAC-SHA-256.
    [
      `$pbkdf2-sha256$i=80000,l=64$${b64(Buffer.from('NaCl').toString('hex'))}$${b64('4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d')}`,
      'Password',
    ],
    [
      `pbkdf2_sha256$80000$NaCl$${Buffer.from('4ddcd8f60b98be21830cee5ef22701f9641a4418d04c0414aeff08876b34ab56a1d425a1225833549adb841b51c9b3176a272bdebba1d078478f62b397f33c8d', 'hex').toString('base64')}`,
      'Password',
    ],
    // passlib, passlib/tests/test_handlers.py.
    [
      '$pbkdf2-sha256$1212$4vjV83LKPjQzk31VI4E0Vw$hsYF68OiOUPdDZ1Fg.fJPeq1h/gXXY7acBp9/6c.tmQ',
      'password',
    ],
    [
      '$pbkdf2-sha512$1212$RHY0Fr3IDMSVO/RSZyb5ow$eNLfBK.eVozomMr.1gYa17k9B7KIK25NOEshvhrSX.esqY3s.FvWZViXz4KoLlQI.BzY/YTNJOiKc5gBYFYGww',
      'password',
    ],
    // Django, tests/auth_tests/test_hashers.py.
    ['pbkdf2_sha256$20000$seasalt$oBSd886ysm3AqYun62DOdin8YcfbU1z9cksZSuLP9r0=', 'lètmein'],
    // phc-winner-argon2, src/test.c, version 0x13, Argon2i.
    [
      '$argon2i$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$wWKIMhR9lyDFvRz9YTZweHKfbftvj+qf+YFY4NeBbtA',
      'password',
    ],
    [betterAuth('ﬁre and water, twice'), 'fire and water, twice'],
  ])('%s', async (hash, password) => {
    expect(hasher.reads(hash)).toBe(true)
    expect(hasher.isOld(hash)).toBe(true)
    expect(await verify(hash, password)).toBe(true)
    expect(await verify(hash, `x${password}`)).toBe(false)
  })
})

const salt = 'c2FsdHNhbHRzYWx0c2FsdA'
const hash = 'A'.repeat(43)

test.each([
  '',
  '$',
  'hunter2',
  '$1$abc$def',
  '$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
  '$2b$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
  '$2b$16$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
  '$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe',
  '$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW\n',
  `$scrypt$ln=22,r=8,p=1$${salt}$${hash}`,
  `$scrypt$ln=14,r=999,p=1$${salt}$${hash}`,
  `$scrypt$ln=14,r=8,p=99$${salt}$${hash}`,
  `$scrypt$ln=16,r=1,p=1$${salt}$${hash}`,
  `$scrypt$ln=014,r=8,p=1$${salt}$${hash}`,
  `$scrypt$r=8,ln=14,p=1$${salt}$${hash}`,
  `$scrypt$ln=14,r=8,p=1$${salt}$AAAA`,
  `$scrypt$ln=14,r=8,p=1$${salt}$${hash}=`,
  `$pbkdf2-sha256$5000001$${salt}$${hash}`,
  `$pbkdf2-sha256$0$${salt}$${hash}`,
  `$pbkdf2-sha1$29000$${salt}$${hash}`,
  `$pbkdf2-sha256$i=29000,l=31$${salt}$${hash}`,
  `pbkdf2_sha256$29000$${salt}$${hash}`,
  `pbkdf2_sha256$29000$${salt}$AAAA`,
  `pbkdf2_sha1$29000$${salt}$${hash}=`,
  `${'a'.repeat(31)}:${'0'.repeat(128)}`,
  `${'A'.repeat(32)}:${'0'.repeat(128)}`,
  `${'a'.repeat(32)}:${'0'.repeat(126)}`,
  `$argon2d$v=19$m=65536,t=2,p=1$${salt}$${hash}`,
  `$argon2i$v=16$m=65536,t=2,p=1$${salt}$${hash}`,
  `$argon2i$v=19$m=4194304,t=2,p=1$${salt}$${hash}`,
])('is not taken: %s', async (text) => {
  expect(hasher.reads(text)).toBe(false)
  await expect(hasher.verify(text, Buffer.from('x'), 'a')).rejects.toThrow('password hash:')
})

test('the costliest that is taken takes seconds, not minutes, and leaves the main thread alone', async () => {
  const costly = [
    `$scrypt$ln=17,r=8,p=4$${salt}$${hash}`,
    `$scrypt$ln=18,r=7,p=2$${salt}$${hash}`,
    `$pbkdf2-sha512$4999999$${salt}$${hash}`,
  ]
  for (const text of costly) {
    let turns = 0
    const ticking = setInterval(() => turns++, 10)
    expect(await verify(text, 'x')).toBe(false)
    clearInterval(ticking)
    expect(turns).toBeGreaterThan(10)
  }
})
