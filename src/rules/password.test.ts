/** Passwords: which may be chosen, and what is hashed of them. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { deriveKeys, rootOf } from './keys.ts'
import {
  hasAged,
  hashingSettings,
  isLeaked,
  maxBytes,
  maxLength,
  passwordFault,
  passwordSettings,
  secretOf,
  stored,
  toVerify,
} from './password.ts'
import { settle } from './settle.ts'

const common = new Set(['password', 'iloveyou', 'correcthorsebatterystaple', 'пароль'])
const names = ['ada.lovelace', 'sallyport', 'app.example.test']
const context = { policy: { minLength: 15 }, common, names }
const codeOf = (password: string, minLength = 15) =>
  passwordFault(password, { ...context, policy: { minLength } })?.code

test('the settings, in plain numbers', () => {
  expect(settle(passwordSettings, []).policy).toEqual({ minLength: 15 })
  expect(passwordSettings.minLength).toMatchObject({ min: 8, max: 64 })
  expect([maxLength, maxBytes]).toEqual([128, 1024])
  expect(settle(hashingSettings, []).policy).toEqual({
    memory: 19_456,
    passes: 2,
    workers: 0,
    queue: 64,
  })
  // What is stored may be made dearer, never cheaper.
  expect(hashingSettings).toMatchObject({ memory: { min: 19_456 }, passes: { min: 2 } })
})

describe('length, in code points', () => {
  test.each([
    ['nothing', '', 'too_short'],
    ['14 letters', 'qjxkvzwpfmbdgh', 'too_short'],
    ['15 letters', 'qjxkvzwpfmbdghq', undefined],
    ['15 spaces: any character counts', ' '.repeat(15), undefined],
    ['14 letters and a space behind: never trimmed', 'qjxkvzwpfmbdgh ', undefined],
    ['14 pictures of two units', '🐎🔋📎🧲🎷🎲🎯🎻🎸🎹🎺🥁🪕🪗', 'too_short'],
    ['15 pictures', '🐎🔋📎🧲🎷🎲🎯🎻🎸🎹🎺🥁🪕🪗🪘', undefined],
    ['14 letters, each with an accent behind it', 'e\u0301'.repeat(14), 'too_short'],
    ['15 letters, each with an accent behind it', 'e\u0301'.repeat(15), undefined],
    ['15 of no known composition', 'q\u0301'.repeat(7).concat('q'), undefined],
    ['128 letters', 'qjxkvzwp'.repeat(16), undefined],
    ['129 letters', 'qjxkvzwp'.repeat(16).concat('q'), 'too_long'],
    ['128 pictures', '🐎'.repeat(128), undefined],
    ['129 pictures', '🐎'.repeat(129), 'too_long'],
    ['128 letters, each with an accent behind it', 'e\u0301'.repeat(128), undefined],
    ['64 KB', 'qjxkvzwp'.repeat(8192), 'too_long'],
  ])('%s', (_, password, code) => {
    expect(codeOf(password)).toBe(code)
  })

  test.each([
    [8, 'qjxkvzw', 'too_short'],
    [8, 'qjxkvzwp', undefined],
    [64, 'qjxkvzwp'.repeat(8).slice(1), 'too_short'],
    [64, 'qjxkvzwp'.repeat(8), undefined],
  ])('of at least %d: %s', (minLength, password, code) => {
    expect(codeOf(password, minLength)).toBe(code)
  })

  test('a refusal names the field and says what would do', () => {
    expect(passwordFault('short', context)).toEqual({
      name: 'password',
      code: 'too_short',
      detail: 'Use at least 15 characters.',
    })
    expect(passwordFault('q'.repeat(129), context, 'newPassword')).toEqual({
      name: 'newPassword',
      code: 'too_long',
      detail: 'Use at most 128 characters.',
    })
  })
})

test.each([
  ['half a surrogate pair', `qjxkvzwpfmbdgh\ud83d`, 'not_allowed'],
  ['the other half', `\udc0eqjxkvzwpfmbdgh`, 'not_allowed'],
  ['a null byte', `qjxkvzwpfmbdgh\0`, undefined],
  ['only digits', '830174650192837', undefined],
  ['only lower case: no composition is asked for', 'qjxkvzwpfmbdghq', undefined],
  ['a common one', 'correcthorsebatterystaple', 'too_common'],
  ['a common one in capitals', 'CorrectHorseBatteryStaple', 'too_common'],
  ['a common one and a year', 'correcthorsebatterystaple2027', 'too_common'],
  ['a short common one, filled up', 'password1234567', 'too_common'],
  ['a short common one, filled up with signs', 'Password!!!!!!!!', 'too_common'],
  ['a common one in another script', 'Пароль123456789', 'too_common'],
  ['a common one within others', 'the password is a tram', undefined],
  ['a common one and a word', 'passwordqjxkvzwp', undefined],
])('%s', (_, password, code) => {
  expect(codeOf(password)).toBe(code)
})

describe('near to a name', () => {
  test.each([
    ['the name and digits', 'adalovelace1815', 'too_similar'],
    ['the name as it is written', 'ada.lovelace....', 'too_similar'],
    ['the name otherwise divided', 'Ada Lovelace 1815', 'too_similar'],
    ['the name within', '12ada_lovelace34', 'too_similar'],
    ['the name twice', 'adalovelaceadalovelace', 'too_similar'],
    ['the name in full-width letters', 'ａｄａｌｏｖｅｌａｃｅ1815', 'too_similar'],
    ['the name and seven more', 'adalovelaceqjxkvzw', 'too_similar'],
    ['the name and eight more', 'adalovelaceqjxkvzwp', undefined],
    ['four on each side of the name', 'qjxkadalovelacevzwp', undefined],
    ['a part of the name', 'lovelace qjxkvz', undefined],
    ['the name of the product', 'sallyport123456', 'too_similar'],
    ['the host', 'app.example.test', 'too_similar'],
    ['the host and digits', 'AppExampleTest2027', 'too_similar'],
  ])('%s', (_, password, code) => {
    expect(codeOf(password)).toBe(code)
  })

  test.each([
    ['two letters', 'li', 'lililililililili', undefined],
    ['three letters', 'lin', 'linlinlinlinlin', 'too_similar'],
    ['no letters at all', '...', '...............', undefined],
    ['nothing', '', 'qjxkvzwpfmbdghq', undefined],
    ['an address', 'ada@example.org', 'ada-ada-ada-ada-ada', 'too_similar'],
    ['a word before signs', 'sallyport', `sallyport${'🏰'.repeat(15)}`, undefined],
    ['an accent', 'zoë-müller', 'Zoe\u0308Mu\u0308ller123456', 'too_similar'],
    ['what a pattern would be', '(.*)+$', 'qjxkvzwpfmbdghq', undefined],
  ])('a name of %s', (_, name, password, code) => {
    expect(passwordFault(password, { ...context, names: [name] })?.code).toBe(code)
  })
})

const anyText = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 200 }),
  fc.string({ unit: 'grapheme', maxLength: 200 }),
  fc.constantFrom(...common, ...names).chain((word) => fc.string().map((more) => word + more)),
)

test('property: any text is taken or refused by one of five reasons, and none makes it throw', () => {
  fc.assert(
    fc.property(anyText, fc.array(fc.string()), (password, any) => {
      const fault = passwordFault(password, { ...context, names: any })
      const codes = ['too_short', 'too_long', 'not_allowed', 'too_common', 'too_similar']
      expect([undefined, ...codes]).toContain(fault?.code)
    }),
  )
})

test('property: what is taken is well-formed, long enough, not too long and not common', () => {
  fc.assert(
    fc.property(anyText, fc.integer({ min: 8, max: 64 }), (password, minLength) => {
      fc.pre(codeOf(password, minLength) === undefined)
      const length = [...password.normalize('NFC')].length
      expect(length).toBeGreaterThanOrEqual(minLength)
      expect(length).toBeLessThanOrEqual(128)
      expect(password.isWellFormed()).toBe(true)
      expect(common.has(password.toLowerCase())).toBe(false)
    }),
  )
})

const instanceId = 'aW5zdGFuY2UtMDEyMzQ1Ng'
const one = rootOf(Buffer.alloc(32, 1))
const two = rootOf(Buffer.alloc(32, 2))
const keys = deriveKeys({ active: one, verify: [two] }, instanceId)
const phc = '$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA'

describe('what is hashed', () => {
  const known = '711059bcd489d6a5c3997daf27d6dd54fb97f0baa937816c91f463794ce60b29'

  test('a known answer: the MAC of the password under the pepper', () => {
    // Computed with Python's hmac over the UTF-8 of the composed text; the key by HKDF from 32 bytes
    // of 0x01.
    expect(keys.active('pepper').key.toString('hex')).toBe(
      '8d0dd3fc6a9b8c241e335ac097a028ff0bc30a2fbeba2b6183dc06ef7c71c865',
    )
    const { pepper, secret } = secretOf(keys, 'Zo\u00eb likes 15 trams')
    expect([pepper, secret.toString('hex')]).toEqual([one.id, known])
  })

  test.each([
    ['decomposed', 'Zoe\u0308 likes 15 trams', true],
    ['without the dots', 'Zoe likes 15 trams', false],
    ['in lower case', 'zo\u00eb likes 15 trams', false],
    ['with a space behind', 'Zo\u00eb likes 15 trams ', false],
    ['with a space before', ' Zo\u00eb likes 15 trams', false],
    ['with a wide space', 'Zo\u00eb likes\u300015 trams', false],
    ['with wide digits', 'Zo\u00eb likes １５ trams', false],
    ['with a null byte behind', 'Zo\u00eb likes 15 trams\0', false],
  ])('typed %s', (_, password, same) => {
    expect(secretOf(keys, password).secret.toString('hex') === known).toBe(same)
  })

  test('bcrypt’s 72 bytes are no limit here', () => {
    const long = 'qjxkvzwp'.repeat(9)
    expect(secretOf(keys, `${long}a`).secret).not.toEqual(secretOf(keys, `${long}b`).secret)
  })

  test('property: how an accent is typed changes nothing, everything else does', () => {
    const text = fc.string({ unit: 'grapheme' })
    fc.assert(
      fc.property(text, text, (password, other) => {
        const { secret } = secretOf(keys, password)
        expect(secret).toHaveLength(32)
        for (const form of ['NFC', 'NFD'] as const) {
          const typed = password.normalize(form)
          expect(secretOf(keys, typed).secret).toEqual(secret)
          expect(codeOf(typed)).toBe(codeOf(password))
        }
        const same = password.normalize() === other.normalize()
        expect(secretOf(keys, other).secret.equals(secret)).toBe(same)
      }),
    )
  })
})

describe('a kept hash', () => {
  test('is taken apart again, and asks for the same secret', () => {
    const { pepper, secret } = secretOf(keys, 'a long enough one')
    const kept = stored(pepper, phc)
    expect(kept).toBe('63EuUXuZ$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA')
    expect(toVerify(keys, kept, 'a long enough one')).toMatchObject({ phc, secret })
    expect(toVerify(keys, kept, 'another')?.secret).not.toEqual(secret)
  })

  test('outlives a rotation of the pepper', () => {
    const { secret } = secretOf(keys, 'a long enough one')
    const rotated = deriveKeys({ active: two, verify: [one] }, instanceId)
    expect(toVerify(rotated, stored(one.id, phc), 'a long enough one')).toMatchObject({
      phc,
      secret,
    })
    expect(secretOf(rotated, 'a long enough one').pepper).toBe(two.id)
  })

  test.each([
    phc,
    '$2b$10$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW',
    'pbkdf2_sha256$20000$seasalt$oBSd886ysm3AqYun62DOdin8YcfbU1z9cksZSuLP9r0=',
  ])('%s has no pepper: it is held against what was typed, and is old', (kept) => {
    const parts = toVerify(keys, kept, 'e\u0301 and long enough')
    const secret = Buffer.from('e\u0301 and long enough')
    expect(parts).toEqual({ pepper: undefined, phc: kept, secret })
    expect(parts && hasAged(keys, parts, false)).toBe(true)
  })

  test('better-auth folded what was typed', () => {
    const kept = `${'a'.repeat(32)}:${'b'.repeat(128)}`
    expect(toVerify(keys, kept, '\ufb01re')?.secret.toString()).toBe('fire')
  })

  test.each([
    ['nothing', ''],
    ['an unknown pepper', `AAAAAAAA${phc}`],
    ['a pepper cut short', `${one.id.slice(1)}${phc}`],
    ['a space before', ` ${one.id}${phc}`],
    ['no hash', one.id],
    ['__proto__', `__proto__${phc}`],
  ])('%s: nothing can be verified against it', (_, kept) => {
    expect(toVerify(keys, kept, 'a long enough one')).toBeUndefined()
  })

  test('of a leaked pepper is verified, and known to be of one', () => {
    const later = deriveKeys({ active: two, verify: [], passwordsOnly: [one] }, instanceId)
    const [old, now] = [stored(one.id, phc), stored(two.id, phc)]
    expect(toVerify(later, old, 'a long enough one')?.pepper).toBe(one.id)
    expect([old, now, phc, `${one.id}x${phc}`].map((kept) => isLeaked(later, kept))).toEqual([
      true,
      false,
      false,
      false,
    ])
    expect(isLeaked(keys, old)).toBe(false)
  })

  test('of a pepper that was retired can no longer be verified', () => {
    const later = deriveKeys({ active: two, verify: [] }, instanceId)
    expect(toVerify(later, stored(one.id, phc), 'a long enough one')).toBeUndefined()
  })

  test('property: any text is taken apart or is none, and none makes it throw', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string().map((any) => `${one.id}$${any}`),
    )
    fc.assert(
      fc.property(text, fc.string({ unit: 'binary' }), (kept, password) => {
        const parts = toVerify(keys, kept, password)
        if (parts?.pepper === undefined) expect(parts?.phc ?? kept).toBe(kept)
        else expect(stored(one.id, parts.phc)).toBe(kept)
        if (kept.startsWith(`${one.id}$`)) expect(parts?.pepper).toBe(one.id)
      }),
    )
  })
})

test('a hash ages by its parameters and by its pepper', () => {
  const { pepper } = secretOf(keys, 'x')
  expect(hasAged(keys, { pepper, phc: '$' }, false)).toBe(false)
  expect(hasAged(keys, { pepper, phc: '$' }, true)).toBe(true)
  expect(hasAged(keys, { pepper: 'earlier', phc: '$' }, false)).toBe(true)
})
