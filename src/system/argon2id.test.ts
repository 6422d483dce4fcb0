/** Argon2id: what the reference implementation says, what a hash string may say, and what it costs. */
import { randomBytes } from 'node:crypto'
import { hashRawSync } from '@node-rs/argon2'
import { afterAll, describe, expect, test } from 'vitest'
import { argon2id, hashingDefaults } from './argon2id.ts'

const hasher = argon2id({ workers: 1 })
afterAll(() => hasher.close())

const text = (said: string) => Buffer.from(said)

/** `value` of an answer that is none but a yes. */
async function value<T>(answer: Promise<{ ok: true; value: T } | { ok: false; code: string }>) {
  const said = await answer
  if (!said.ok) throw new Error(said.code)
  return said.value
}

describe('known answers', () => {
  // phc-winner-argon2, src/test.c, version 0x13, Argon2id.
  const somesalt = 'c29tZXNhbHQ'
  test.each([
    [
      `$argon2id$v=19$m=65536,t=2,p=1$${somesalt}$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc`,
      'password',
    ],
    [
      `$argon2id$v=19$m=256,t=2,p=1$${somesalt}$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4`,
      'password',
    ],
    [
      `$argon2id$v=19$m=256,t=2,p=2$${somesalt}$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc`,
      'password',
    ],
    [
      `$argon2id$v=19$m=65536,t=1,p=1$${somesalt}$9qWtwbpyPd3vm1rB1GThgPzZ3/ydHL92zKL+15XZypg`,
      'password',
    ],
    [
      `$argon2id$v=19$m=65536,t=2,p=1$${somesalt}$C4TWUs9rDEvq7w3+J4umqA32aWKB1+DSiRuBfYxFj94`,
      'differentpassword',
    ],
    [
      '$argon2id$v=19$m=65536,t=2,p=1$ZGlmZnNhbHQ$vfMrBczELrFdWP0ZsfhWsRPaHppYdP3MVEMIVlqoFBw',
      'password',
    ],
  ])('%s', async (phc, secret) => {
    expect(await value(hasher.verify(phc, text(secret), 'a'))).toBe(true)
    expect(await value(hasher.verify(phc, text(`${secret} `), 'a'))).toBe(false)
  })
})

describe('a hash', () => {
  const secret = text('correct horse battery staple')

  test('is a PHC string of the parameters in use, with a salt of its own', async () => {
    const [one, two] = [
      await value(hasher.hash(secret, 'a')),
      await value(hasher.hash(secret, 'a')),
    ]
    expect(one).toMatch(/^\$argon2id\$v=19\$m=19456,t=2,p=1\$[A-Za-z0-9+/]{22}\$[A-Za-z0-9+/]{43}$/)
    expect(one).not.toBe(two)
    const [, , , , salt = '', hash = ''] = one.split('$')
    const byHand = hashRawSync(secret, {
      salt: Buffer.from(salt, 'base64'),
      memoryCost: 19_456,
      timeCost: 2,
      parallelism: 1,
      outputLen: 32,
    })
    expect(hash).toBe(byHand.toString('base64').replace('=', ''))
  })

  test('verifies its secret, byte for byte, and leaves it as it was', async () => {
    const phc = await value(hasher.hash(secret, 'a'))
    expect(await value(hasher.verify(phc, secret, 'a'))).toBe(true)
    expect(await value(hasher.verify(phc, text('correct horse battery stapl'), 'a'))).toBe(false)
    expect(await value(hasher.verify(phc, Buffer.alloc(0), 'a'))).toBe(false)
    expect(secret.toString()).toBe('correct horse battery staple')
  })

  test('a salt and a hash changed by one bit do not verify', async () => {
    const phc = await value(hasher.hash(secret, 'a'))
    const [salt = '', hash = ''] = phc.split('$').slice(4)
    const flipped = (said: string) => {
      const bytes = Buffer.from(said, 'base64')
      bytes[0] = (bytes[0] ?? 0) ^ 1
      return bytes.toString('base64').replace(/=+$/, '')
    }
    expect(await value(hasher.verify(phc.replace(salt, flipped(salt)), secret, 'a'))).toBe(false)
    expect(await value(hasher.verify(phc.replace(hash, flipped(hash)), secret, 'a'))).toBe(false)
  })
})

test('the decoy has the parameters of a real hash, is another one each time, and lets nobody in', async () => {
  const real = await value(hasher.hash(text('a'), 'a'))
  const other = argon2id({ workers: 1 })
  await other.close()
  const costOf = (phc: string) => phc.split('$').slice(0, 4)
  expect(costOf(hasher.decoy)).toEqual(costOf(real))
  expect(hasher.decoy).toHaveLength(real.length)
  expect(other.decoy).not.toBe(hasher.decoy)
  expect(hasher.isOld(hasher.decoy)).toBe(false)
  expect(await value(hasher.verify(hasher.decoy, Buffer.alloc(0), 'a'))).toBe(false)
})

describe('a kept hash', () => {
  const salt = randomBytes(16).toString('base64').slice(0, 22).replace(/.$/, 'A')
  const hash = `${'A'.repeat(43)}`

  test.each([
    ['as now', `m=19456,t=2,p=1$${salt}$${hash}`, false],
    ['more memory', `m=65536,t=2,p=1$${salt}$${hash}`, false],
    ['more passes', `m=19456,t=3,p=4$${salt}$${hash}`, false],
    ['less memory', `m=19455,t=2,p=1$${salt}$${hash}`, true],
    ['fewer passes', `m=65536,t=1,p=1$${salt}$${hash}`, true],
    ['a short salt', `m=19456,t=2,p=1$${'A'.repeat(11)}$${hash}`, true],
    ['a short hash', `m=19456,t=2,p=1$${salt}$${'A'.repeat(22)}`, true],
  ])('%s: is old: %s', (_, rest, old) => {
    expect(hasher.isOld(`$argon2id$v=19$${rest}`)).toBe(old)
  })

  test.each([
    ['nothing', ''],
    ['words', 'password'],
    ['half of bcrypt', '$2b$10$abcdefghijklmnopqrstuv'],
    ['argon2d', `$argon2d$v=19$m=19456,t=2,p=1$${salt}$${hash}`],
    ['an older version', `$argon2id$v=16$m=19456,t=2,p=1$${salt}$${hash}`],
    ['no version', `$argon2id$m=19456,t=2,p=1$${salt}$${hash}`],
    ['another order', `$argon2id$v=19$t=2,m=19456,p=1$${salt}$${hash}`],
    ['4 GiB', `$argon2id$v=19$m=4194304,t=2,p=1$${salt}$${hash}`],
    ['a KiB over 1 GiB', `$argon2id$v=19$m=1048577,t=2,p=1$${salt}$${hash}`],
    ['a million passes', `$argon2id$v=19$m=19456,t=1000000,p=1$${salt}$${hash}`],
    ['200 lanes', `$argon2id$v=19$m=19456,t=2,p=200$${salt}$${hash}`],
    ['too little for its lanes', `$argon2id$v=19$m=15,t=2,p=2$${salt}$${hash}`],
    ['leading zero', `$argon2id$v=19$m=019456,t=2,p=1$${salt}$${hash}`],
    ['a hash cut off', `$argon2id$v=19$m=19456,t=2,p=1$${salt}$${'A'.repeat(8)}`],
    ['no hash', `$argon2id$v=19$m=19456,t=2,p=1$${salt}$`],
    ['a long hash', `$argon2id$v=19$m=19456,t=2,p=1$${salt}$${'A'.repeat(5_000)}`],
    ['base64url', `$argon2id$v=19$m=19456,t=2,p=1$${salt}$${'-'.repeat(43)}`],
    ['padding', `$argon2id$v=19$m=19456,t=2,p=1$${salt}==$${hash}=`],
    ['loose bits', `$argon2id$v=19$m=19456,t=2,p=1$${salt}$${'A'.repeat(42)}B`],
    ['a line after it', `$argon2id$v=19$m=19456,t=2,p=1$${salt}$${hash}\n`],
  ])('%s is a fault, told without what was kept', async (_, phc) => {
    await expect(hasher.verify(phc, text('a'), 'a')).rejects.toThrow(/^password hash: [a-z0-9 ]+$/)
    expect(() => hasher.isOld(phc)).toThrow('password hash')
  })
})

test('memory and passes may be raised, and older hashes show', async () => {
  const stronger = argon2id({ workers: 1, memory: 32_768, passes: 3 })
  expect(stronger.decoy).toContain('$m=32768,t=3,p=1$')
  expect(stronger.isOld(hasher.decoy)).toBe(true)
  await stronger.close()
})

test.each([
  [19_456, 8],
  [65_536, 3],
])(
  'raised to %i KiB and %i passes, a wrong password against an older hash takes as long as against the decoy (ENUM-02)',
  async (memory, passes) => {
    const stronger = argon2id({ workers: 1, memory, passes })
    const took: Record<string, number[]> = { [hasher.decoy]: [], [stronger.decoy]: [] }
    for (let round = 0; round < 8; round++)
      for (const [phc, times] of Object.entries(took)) {
        const begun = performance.now()
        expect(await stronger.verify(phc, text('wrong'), 'a')).toEqual({ ok: true, value: false })
        times.push(performance.now() - begun)
      }
    await stronger.close()
    // Of the quickest of each, which a busy machine disturbs least; left away would be more than half.
    const [older = 0, usual = 0] = Object.values(took).map((times) => Math.min(...times))
    expect(older / usual).toBeGreaterThan(0.5)
    expect(older / usual).toBeLessThan(2)
  },
)

test('by default one core is left to everything else', () => {
  expect(hashingDefaults).toMatchObject({ memory: 19_456, passes: 2, queue: 64, perAddress: 8 })
  expect(hashingDefaults.workers).toBeGreaterThanOrEqual(1)
})
