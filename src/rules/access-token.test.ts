/** Access tokens: what we wrote is read, and nothing else is, however well it is made. */
import { createHmac } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  type Claims,
  issueToken,
  readToken,
  rememberToken,
  type TokenContext,
} from './access-token.ts'
import { mintCsrf } from './csrf.ts'
import { cursorAt } from './cursor.ts'
import { genuine } from './genuine.ts'
import { deriveKeys, purposes, rootOf } from './keys.ts'
import { setupTokenOf } from './set-up.ts'

const instanceId = 'aW5zdGFuY2UtMDEyMzQ1Ng'
const one = rootOf(Buffer.alloc(32, 1))
const two = rootOf(Buffer.alloc(32, 2))
const retired = rootOf(Buffer.alloc(32, 3))
const keys = deriveKeys({ active: one, verify: [two] }, instanceId)
const key = keys.active('access').key

const issued = 1_800_000_000
const claims: Claims = {
  iss: 'https://app.example.test',
  aud: instanceId,
  sub: 'dXNlci0wMTIzNDU2Nzg5YQ',
  sid: 'c2Vzc2lvbi0wMTIzNDU2Nw',
  ver: 3,
  jti: 'dG9rZW4tMDEyMzQ1Njc4OQ',
  iat: issued,
  exp: issued + 300,
}
const context: TokenContext = {
  keys,
  issuer: claims.iss,
  audience: instanceId,
}
/** Whatever is read is read the same by those who remember what was genuine. */
const read = (token: string, now = issued * 1000) => {
  const seen = readToken(token, now, context)
  const remembering = { ...context, genuine: keys.genuine.access }
  for (const _ of [1, 2]) expect(readToken(token, now, remembering)).toEqual(seen)
  return seen
}

const b64u = (text: string) => Buffer.from(text).toString('base64url')
/** A JWS written by hand, of any header, payload and key. */
function jws(header: string, payload: string, by: Buffer | string = key): string {
  const signed = `${b64u(header)}.${b64u(payload)}`
  return `${signed}.${createHmac('sha256', by).update(signed).digest('base64url')}`
}
const headerOf = (kid: string) => `{"alg":"HS256","kid":"${kid}","typ":"at+jwt"}`
const ours = headerOf(one.id)
/** The payload, with the JSON `text` in the place of one claim. */
const payloadWith = (name: string, text: string) =>
  `{${Object.entries(claims)
    .map(([claim, value]) => `"${claim}":${claim === name ? text : JSON.stringify(value)}`)
    .join(',')}}`
const payload = JSON.stringify(claims)

/** Computed with Python's hmac and `openssl kdf` from 32 bytes of 0x01 and the bytes written here. */
const known = [
  'eyJhbGciOiJIUzI1NiIsImtpZCI6IjYzRXVVWHVaIiwidHlwIjoiYXQrand0In0',
  'eyJpc3MiOiJodHRwczovL2FwcC5leGFtcGxlLnRlc3QiLCJhdWQiOiJhVzV6ZEdGdVkyVXRNREV5TXpRMU5nIiwic3ViI' +
    'joiZFhObGNpMHdNVEl6TkRVMk56ZzVZUSIsInNpZCI6ImMyVnpjMmx2Ymkwd01USXpORFUyTnciLCJ2ZXIiOjMsImp0aS' +
    'I6ImRHOXJaVzR0TURFeU16UTFOamM0T1EiLCJpYXQiOjE4MDAwMDAwMDAsImV4cCI6MTgwMDAwMDMwMH0',
  '83NVlyR98BaFMp1EMrBejC9JIXp1CU0MGtRd4AOiyRk',
] as const
const token = known.join('.')

test('a known answer: HS256 over these bytes under this key is this token', () => {
  expect(key.toString('hex')).toBe(
    '7f6045071e9283a2e01170c6311c16dc37f1a9255a98b87ab1a8b3a6dc4c0131',
  )
  expect(issueToken(keys, claims)).toBe(token)
  expect(jws('{"alg":"HS256","kid":"63EuUXuZ","typ":"at+jwt"}', payload)).toBe(token)
  expect(read(token)).toEqual({ kind: 'valid', claims })
})

test('a token that was just issued is remembered as it would be read, and under its own keys alone', () => {
  const here = { ...context, genuine: genuine<Claims>() }
  const later = deriveKeys({ active: two, verify: [] }, instanceId)
  rememberToken(token, claims, here)
  expect(here.genuine.get(token)).toEqual(claims)
  for (const now of [issued - 60, issued, issued + 304, issued + 306])
    expect(readToken(token, now * 1000, here)).toEqual(readToken(token, now * 1000, context))
  const rotated = { ...context, keys: later, genuine: later.genuine.access }
  expect(readToken(token, issued * 1000, rotated)).toEqual({ kind: 'foreign' })
})

test.each([
  ['of another issuer', { iss: 'https://other.example.test' }],
  ['for another instance', { aud: 'another' }],
  ['that lasts too long', { exp: issued + 91 * 86_400 }],
  ['of no session', { sid: '' }],
  ['that is too long itself', { iss: `https://${'a'.repeat(2_048)}.example.test` }],
  ['that says more', { role: 'owner' }],
])('a token %s is not remembered: no reader would let it pass', (_, other) => {
  const unfit = { ...claims, ...other }
  const here = { ...context, genuine: genuine<Claims>() }
  const made = issueToken(keys, unfit)
  rememberToken(made, unfit, unfit.iss.length > 100 ? { ...here, issuer: unfit.iss } : here)
  expect(here.genuine.get(made)).toBeUndefined()
})

test('a token carries its eight claims and nothing that came along with them', () => {
  const more = { ...claims, role: 'owner', email: 'ada@example.test' }
  expect(issueToken(keys, more)).toBe(token)
})

/** Milliseconds from the second it was issued at; it is good for 300 s. */
test.each([
  ['more than the skew before it was issued', -5_001, 'foreign'],
  ['the skew before it was issued', -5_000, 'valid'],
  ['as it is issued', 0, 'valid'],
  ['a millisecond before its end', 299_999, 'valid'],
  ['at its end', 300_000, 'valid'],
  ['a millisecond before the skew is over', 304_999, 'valid'],
  ['when the skew is over', 305_000, 'expired'],
  ['a year later', 31_536_000_000, 'expired'],
])('time: %s', (_, after, kind) => {
  expect(read(token, issued * 1000 + after).kind).toBe(kind)
})

test('an expired token still says whose it was', () => {
  expect(read(token, issued * 1000 + 305_000)).toEqual({ kind: 'expired', claims })
})

/** Seconds from `iat` to `exp`, where 90 days are the longest that may be given. */
test.each([
  [-1, 'foreign'],
  [0, 'foreign'],
  [1, 'valid'],
  [90 * 86_400, 'valid'],
  [90 * 86_400 + 1, 'foreign'],
  [9e9, 'foreign'],
])('a lifetime of %d s is %s', (seconds, kind) => {
  expect(read(issueToken(keys, { ...claims, exp: issued + seconds })).kind).toBe(kind)
})

describe('a header that is not one of ours, correctly signed', () => {
  test.each([
    ['alg none', `{"alg":"none","kid":"${one.id}","typ":"at+jwt"}`],
    ['alg None', `{"alg":"None","kid":"${one.id}","typ":"at+jwt"}`],
    ['alg NONE', `{"alg":"NONE","kid":"${one.id}","typ":"at+jwt"}`],
    ['alg nOnE', `{"alg":"nOnE","kid":"${one.id}","typ":"at+jwt"}`],
    ['an empty alg', `{"alg":"","kid":"${one.id}","typ":"at+jwt"}`],
    ['no alg', `{"kid":"${one.id}","typ":"at+jwt"}`],
    ['alg hs256', `{"alg":"hs256","kid":"${one.id}","typ":"at+jwt"}`],
    ['alg HS384', `{"alg":"HS384","kid":"${one.id}","typ":"at+jwt"}`],
    ['alg HS512', `{"alg":"HS512","kid":"${one.id}","typ":"at+jwt"}`],
    ['alg RS256', `{"alg":"RS256","kid":"${one.id}","typ":"at+jwt"}`],
    ['alg ES256', `{"alg":"ES256","kid":"${one.id}","typ":"at+jwt"}`],
    ['alg EdDSA', `{"alg":"EdDSA","kid":"${one.id}","typ":"at+jwt"}`],
    ['alg as a list', `{"alg":["HS256"],"kid":"${one.id}","typ":"at+jwt"}`],
    ['no kid', '{"alg":"HS256","typ":"at+jwt"}'],
    ['an empty kid', headerOf('')],
    ['an unknown kid', headerOf('AAAAAAAA')],
    ['a path for a kid', headerOf('../../dev/null')],
    ['SQL for a kid', headerOf("' OR 1=1--")],
    ['a URL for a kid', headerOf('https://evil.test/k')],
    ['kid __proto__', headerOf('__proto__')],
    ['kid constructor', headerOf('constructor')],
    ['a kid that names a purpose', headerOf(`access/${one.id}`)],
    ['a number for a kid', '{"alg":"HS256","kid":0,"typ":"at+jwt"}'],
    ['a list for a kid', `{"alg":"HS256","kid":["${one.id}"],"typ":"at+jwt"}`],
    ['no typ', `{"alg":"HS256","kid":"${one.id}"}`],
    ['typ JWT', `{"alg":"HS256","kid":"${one.id}","typ":"JWT"}`],
    ['typ AT+JWT', `{"alg":"HS256","kid":"${one.id}","typ":"AT+JWT"}`],
    ['another order', `{"typ":"at+jwt","alg":"HS256","kid":"${one.id}"}`],
    ['a space', `{"alg":"HS256", "kid":"${one.id}","typ":"at+jwt"}`],
    ['a name twice', `{"alg":"HS256","alg":"HS256","kid":"${one.id}","typ":"at+jwt"}`],
    ['crit', `{"alg":"HS256","kid":"${one.id}","typ":"at+jwt","crit":["exp"]}`],
    ['its own jwk', `{"alg":"HS256","kid":"${one.id}","typ":"at+jwt","jwk":{"k":"AAAA"}}`],
    ['b64 false', `{"alg":"HS256","kid":"${one.id}","typ":"at+jwt","b64":false}`],
    // Fifteen bytes: their base64url is the beginning of ours.
    ['the beginning of ours', '{"alg":"HS256",'],
    ['ours and a space', `${ours} `],
    ['no JSON', 'HS256'],
    ['nothing', ''],
  ])('%s', (_, header) => {
    expect(read(jws(header, payload))).toEqual({ kind: 'foreign' })
  })

  test.each(['none', 'None', 'NONE', 'nOnE', 'HS256'])('alg %s without a signature', (alg) => {
    const header = b64u(`{"alg":"${alg}","kid":"${one.id}","typ":"at+jwt"}`)
    expect(read(`${header}.${known[1]}.`).kind).toBe('foreign')
    expect(read(`${header}.${known[1]}`).kind).toBe('foreign')
  })

  test.each(['sha384', 'sha512'])('our header over a signature by %s', (hash) => {
    const signed = `${known[0]}.${known[1]}`
    const mac = createHmac(hash, key).update(signed).digest('base64url')
    expect(read(`${signed}.${mac}`).kind).toBe('foreign')
    expect(read(`${signed}.${mac.slice(0, 43)}`).kind).toBe('foreign')
  })
})

describe('claims, correctly signed (P17)', () => {
  test.each(Object.keys(claims))('without %s it is not ours', (name) => {
    const kept = Object.entries(claims).filter(([claim]) => claim !== name)
    expect(read(jws(ours, JSON.stringify(Object.fromEntries(kept)))).kind).toBe('foreign')
    // With another claim in its place, so that the number of them is right.
    const renamed = { ...Object.fromEntries(kept), [name.toUpperCase()]: 1 }
    expect(read(jws(ours, JSON.stringify(renamed))).kind).toBe('foreign')
  })

  test.each([
    ['role', '"owner"'],
    ['nbf', '1700000000'],
    ['__proto__', '{"exp":9999999999}'],
    ['constructor', '{}'],
    ['', '0'],
  ])('with %j besides it is not ours', (name, text) => {
    const more = payload.replace(/\}$/, `,${JSON.stringify(name)}:${text}}`)
    expect(JSON.parse(more)).toMatchObject(claims)
    expect(read(jws(ours, more)).kind).toBe('foreign')
  })

  const notIds = ['""', '"ada"', '"AAAAAAAAAAAAAAAAAAAAA"', '"AAAAAAAAAAAAAAAAAAAAAAA"']
  const notTexts = ['null', 'true', '7', '{}', '[]', '["dXNlci0wMTIzNDU2Nzg5YQ"]']
  const ids = [...notIds, ...notTexts, '"AAAAAAAAAAAAAAAAAAAAA="', '"AAAAAAAAAAAAAAAAAAAAA\\n"']
  const notNumbers = ['null', 'true', '""', '{}', '[]', '[9e9]', '1e400', '-1', '0.5', '1e20']
  test.each<[name: keyof Claims, texts: string[]]>([
    ['iss', [...notTexts, '["https://app.example.test"]', '""', '"https://app.example.test/"']],
    ['iss', ['"https://APP.example.test"', '"http://app.example.test"', '"https://app.example"']],
    ['aud', [...notTexts, `["${instanceId}"]`, `["x","${instanceId}"]`, '""', '"aW5zdGFuY2U"']],
    ['aud', [`"${instanceId}A"`, `"${instanceId} "`, '"YW5vdGhlci0xMjM0NTY3OA"', '"*"']],
    ['sub', ids],
    ['sid', ids],
    ['jti', ids],
    ['ver', [...notNumbers, '"3"', '9007199254740992']],
    ['iat', [...notNumbers, '"1800000000"', '1800000006', '1800000000.5', '0']],
    ['exp', [...notNumbers, '"9999999999"', '9223372036854775808', '1800000299.5']],
    ['exp', ['9007199254740991', '9999999999', '0']],
  ])('%s is of its type and in its bounds', (name, texts) => {
    for (const text of texts) {
      expect.soft(read(jws(ours, payloadWith(name, text))).kind, text).toBe('foreign')
    }
  })

  test.each(['null', 'true', '8', '"x"', '[]', '[1,2,3,4,5,6,7,8]', '{}', '', '{', `${payload} x`])(
    'a payload that is %s is none',
    (text) => {
      expect(read(jws(ours, text)).kind).toBe('foreign')
    },
  )

  test('a payload that is no UTF-8 is none', () => {
    const signed = `${known[0]}.${Buffer.from([0xff, 0xfe, 0x7b]).toString('base64url')}`
    const mac = createHmac('sha256', key).update(signed).digest('base64url')
    expect(read(`${signed}.${mac}`).kind).toBe('foreign')
  })

  test('property: no other JSON is taken for claims', () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(read(jws(ours, text)).kind).toBe('foreign')
      }),
    )
  })
})

describe('keys', () => {
  test.each(purposes.filter((purpose) => purpose !== 'access'))(
    'the %s key signs none',
    (other) => {
      expect(read(jws(ours, payload, keys.active(other).key)).kind).toBe('foreign')
    },
  )

  const pem = '-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA\n-----END PUBLIC KEY-----\n'
  test.each([
    ['no key', ''],
    ['the root secret itself', one.secret],
    ['its key id', one.id],
    ['zeros', Buffer.alloc(32)],
    ['a public key', pem],
    ['a public key behind a line break', `\n${pem}`],
    ['the same root of another instance', deriveKeys({ active: one, verify: [] }, 'other')],
    ['another root of this instance', deriveKeys({ active: retired, verify: [] }, instanceId)],
  ])('%s signs none', (_, by) => {
    const bytes = typeof by === 'object' && 'ids' in by ? by.active('access').key : by
    expect(read(jws(ours, payload, bytes)).kind).toBe('foreign')
  })

  const older = keys.byId('access', two.id) ?? ''
  const gone = deriveKeys({ active: retired, verify: [] }, instanceId).active('access').key
  test.each([
    ['the active key under its own name', one.id, key, 'valid'],
    ['the older key under its own name', two.id, older, 'valid'],
    ['the retired key under its own name', retired.id, gone, 'foreign'],
    ['the older key under the active name', one.id, older, 'foreign'],
    ['the active key under the older name', two.id, key, 'foreign'],
    ['the retired key under the active name', one.id, gone, 'foreign'],
    ['the active key under the retired name', retired.id, key, 'foreign'],
  ])('%s', (_, kid, by, kind) => {
    expect(read(jws(headerOf(kid), payload, by)).kind).toBe(kind)
  })

  test('a token outlives a rotation and ends with the retirement', () => {
    const rotated = deriveKeys({ active: two, verify: [one] }, instanceId)
    const later = deriveKeys({ active: two, verify: [] }, instanceId)
    expect(readToken(token, issued * 1000, { ...context, keys: rotated }).kind).toBe('valid')
    expect(readToken(token, issued * 1000, { ...context, keys: later }).kind).toBe('foreign')
    expect(issueToken(rotated, claims).split('.')[0]).toBe(b64u(headerOf(two.id)))
  })

  test.each<[of: string, other: Partial<TokenContext>]>([
    ['instance', { audience: 'YW5vdGhlci0xMjM0NTY3OA' }],
    ['origin', { issuer: 'https://other.example.test' }],
    ['ring', { keys: deriveKeys({ active: one, verify: [] }, 'YW5vdGhlci0xMjM0NTY3OA') }],
  ])('another %s does not know it', (_, other) => {
    expect(readToken(token, issued * 1000, { ...context, ...other }).kind).toBe('foreign')
  })
})

describe('one exact spelling', () => {
  const [header, body, mac] = known
  test.each([
    ['nothing', ''],
    ['two dots', '..'],
    ['one part', header],
    ['two parts', `${header}.${body}`],
    ['four parts', `${token}.`],
    ['five parts, as an encrypted one has', `${header}.${mac}.${mac}.${body}.${mac}`],
    ['no header', `.${body}.${mac}`],
    ['no payload', `${header}..${mac}`],
    ['a space before', ` ${token}`],
    ['a space behind', `${token} `],
    ['a line break behind', `${token}\n`],
    ['quotes', `"${token}"`],
    ['Bearer', `Bearer ${token}`],
    ['a padded header', `${header}=.${body}.${mac}`],
    ['a padded payload', `${header}.${body}=.${mac}`],
    ['a padded signature', `${header}.${body}.${mac}=`],
    ['the signature in hex', `${header}.${body}.${Buffer.from(mac, 'base64url').toString('hex')}`],
    ['another dot', token.replaceAll('.', '\u2024')],
    ['a null byte', `${token}\0`],
  ])('%s', (_, text) => {
    expect(read(text)).toEqual({ kind: 'foreign' })
  })

  // 'k' is 100100: the last two bits are not part of the 256.
  test.each(['l', 'm', 'n'])('the last character of the signature cannot be %s', (last) => {
    const twin = `${mac.slice(0, -1)}${last}`
    expect(Buffer.from(twin, 'base64url')).toEqual(Buffer.from(mac, 'base64url'))
    expect(read(`${header}.${body}.${twin}`).kind).toBe('foreign')
  })

  test.each([
    ['padded', (text: string) => `${text}=`],
    ['with a bit set that decoding drops', (text: string) => `${text.slice(0, -1)}1`],
    ['with a space', (text: string) => `${text.slice(0, 8)} ${text.slice(8)}`],
    ['with a line break', (text: string) => `${text}\n`],
  ])('a payload %s, correctly signed', (_, bend) => {
    // Decoding alone does not see the difference.
    expect(Buffer.from(bend(body), 'base64url')).toEqual(Buffer.from(body, 'base64url'))
    const signed = `${header}.${bend(body)}`
    const by = createHmac('sha256', key).update(signed).digest('base64url')
    expect(read(`${signed}.${by}`).kind).toBe('foreign')
  })

  test('every bit of the signature counts', () => {
    for (let bit = 0; bit < 256; bit++) {
      const bytes = Buffer.from(mac, 'base64url')
      bytes.writeUInt8(bytes.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      const bent = `${header}.${body}.${bytes.toString('base64url')}`
      expect.soft(read(bent).kind, `bit ${bit}`).toBe('foreign')
    }
  })

  test('no part of the signature is enough', () => {
    for (let length = 0; length < 32; length++) {
      const part = Buffer.from(mac, 'base64url').subarray(0, length).toString('base64url')
      expect.soft(read(`${header}.${body}.${part}`).kind, `${length} bytes`).toBe('foreign')
    }
  })

  test('the signature of another token is none of this one', () => {
    const other = issueToken(keys, { ...claims, sub: 'dXNlci05ODc2NTQzMjEwYg' }).split('.')
    expect(read(`${header}.${other[1]}.${mac}`).kind).toBe('foreign')
    expect(read(`${header}.${body}.${other[2]}`).kind).toBe('foreign')
  })

  test('property: any single changed character makes it foreign', () => {
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.string({ maxLength: 2 }), (at, instead) => {
        fc.pre(instead !== token[at])
        expect(read(`${token.slice(0, at)}${instead}${token.slice(at + 1)}`).kind).toBe('foreign')
      }),
      { numRuns: 1000 },
    )
  })
})

test.each([
  ['a CSRF token', mintCsrf(keys, claims.sid, Buffer.alloc(16))],
  ['the set-up token', setupTokenOf(keys, instanceId)],
  ['a cursor', cursorAt(keys, { list: 'sessions', for: claims.sub }, { createdAt: 1, id: 'a' })],
  ['a megabyte', 'a'.repeat(1_000_000)],
  ['a million dots', '.'.repeat(1_000_000)],
  ['a header of 64 KB', `${'a'.repeat(65_536)}.${known[1]}.${known[2]}`],
  ['a kid of 10 KB', jws(headerOf('a'.repeat(10_000)), payload)],
  ['JSON as deep as it gets', jws(ours, '['.repeat(1_400))],
  ['JSON deeper than it gets', jws(ours, '['.repeat(100_000))],
])('%s is no access token', (_, text) => {
  expect(read(text)).toEqual({ kind: 'foreign' })
})

test('a token of 2,048 characters is read, and none that is longer', () => {
  const lengths = { valid: 0, foreign: 9999 }
  for (let extra = 1_000; extra < 1_500; extra++) {
    const issuer = `https://${'a'.repeat(extra)}.test`
    const long = issueToken(keys, { ...claims, iss: issuer })
    const { kind } = readToken(long, issued * 1000, { ...context, issuer })
    expect.soft(kind, `${long.length} characters`).toBe(long.length <= 2048 ? 'valid' : 'foreign')
    if (kind === 'valid') lengths.valid = Math.max(lengths.valid, long.length)
    else lengths.foreign = Math.min(lengths.foreign, long.length)
  }
  // The rest is 108 characters, and no base64url of whole bytes is 1,941 long.
  expect(lengths).toEqual({ valid: 2048, foreign: 2050 })
})

const id = fc
  .uint8Array({ minLength: 16, maxLength: 16 })
  .map((bytes) => Buffer.from(bytes).toString('base64url'))

test('property: what was issued is read back whole, until it is over', () => {
  const any = fc.record({
    sub: id,
    sid: id,
    jti: id,
    ver: fc.maxSafeNat(),
    iat: fc.nat(4_000_000_000),
    life: fc.integer({ min: 1, max: 300 }),
    now: fc.nat(400_000),
  })
  fc.assert(
    fc.property(any, ({ iat, life, now, ...who }) => {
      const written = { ...claims, ...who, iat, exp: iat + life }
      const kind = now < life * 1000 + 5_000 ? 'valid' : 'expired'
      expect(read(issueToken(keys, written), iat * 1000 + now)).toEqual({ kind, claims: written })
    }),
  )
})

test('property: any text at all is foreign, and none makes it throw', () => {
  const part = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(...known))
  const text = fc.oneof(
    fc.string({ unit: 'binary', maxLength: 300 }),
    fc.array(part, { maxLength: 5 }).map((parts) => parts.join('.')),
  )
  fc.assert(
    fc.property(text, fc.integer(), (any, now) => {
      fc.pre(any !== token)
      expect(read(any, now)).toEqual({ kind: 'foreign' })
    }),
    { numRuns: 1000 },
  )
})
