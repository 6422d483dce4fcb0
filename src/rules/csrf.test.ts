/** CSRF: what passes the gates, and everything that looks like it. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isCsrf, isUnsafe, mintCsrf, originFault, tokenFault } from './csrf.ts'
import { deriveKeys, purposes, rootOf } from './keys.ts'

test.each([
  ['GET', false],
  ['HEAD', false],
  ['OPTIONS', false],
  ['POST', true],
  ['PUT', true],
  ['PATCH', true],
  ['DELETE', true],
  ['TRACE', true],
  ['CONNECT', true],
  ['PROPFIND', true],
  ['get', true],
  ['Get', true],
  ['GET ', true],
  ['', true],
  ['__proto__', true],
])('whether %j may change something: %j', (method, unsafe) => {
  expect(isUnsafe(method)).toBe(unsafe)
})

const origins = {
  publicOrigin: 'https://app.example.test',
  allowed: ['https://admin.example.test'],
}

describe('the origin gate', () => {
  const sent = {
    ours: 'https://app.example.test',
    listed: 'https://admin.example.test',
    sibling: 'https://blog.example.test',
    evil: 'https://evil.test',
    null: 'null',
    absent: null,
  } as const
  const names = ['ours', 'listed', 'sibling', 'evil', 'null', 'absent'] as const
  const go = undefined
  const [site, foreign, bare] = ['sec-fetch-site', 'origin', 'no origin']

  /** A row for each `Sec-Fetch-Site`, a column for each `Origin`. */
  const matrix: [string | null, (string | undefined)[]][] = [
    //                ours  listed sibling evil   null     absent
    [null, /*      */ [go, go, foreign, foreign, foreign, bare]],
    ['same-origin', /**/ [go, go, foreign, foreign, foreign, go]],
    ['same-site', /* */ [site, go, site, site, site, site]],
    ['cross-site', /* */ [site, site, site, site, site, site]],
    ['none', /*      */ [site, site, site, site, site, site]],
    ['', /*          */ [site, site, site, site, site, site]],
    ['Same-Origin', /**/ [site, site, site, site, site, site]],
    ['same-origin, same-origin', [site, site, site, site, site, site]],
    ['new-value', /* */ [site, site, site, site, site, site]],
  ]
  test.each(
    matrix.flatMap(([secFetchSite, faults]) =>
      names.map((name, column) => [secFetchSite, name, faults[column]] as const),
    ),
  )('with cookies, Sec-Fetch-Site %j and origin %s: %s', (secFetchSite, name, fault) => {
    expect(originFault({ origin: sent[name], secFetchSite, cookies: true }, origins)).toBe(fault)
  })

  test('without cookies only one thing differs: a program need not say where it is', () => {
    for (const [secFetchSite, faults] of matrix) {
      names.forEach((name, column) => {
        const fault = originFault({ origin: sent[name], secFetchSite, cookies: false }, origins)
        const same = faults[column] === bare ? undefined : faults[column]
        expect.soft(fault, `${secFetchSite} ${name}`).toBe(same)
      })
    }
  })

  test.each([
    '',
    ' ',
    'null',
    'NULL',
    '*',
    'undefined',
    'https://app.example.test/',
    'https://app.example.test/x',
    'https://app.example.test?',
    'https://app.example.test#',
    'https://app.example.test:443',
    'https://app.example.test:8443',
    'https://app.example.test:',
    'http://app.example.test',
    'wss://app.example.test',
    '//app.example.test',
    'app.example.test',
    'https://app.example.test.',
    'https://APP.example.test',
    'HTTPS://app.example.test',
    'https://app.example.test.evil.test',
    'https://evilapp.example.test',
    'https://x.app.example.test',
    'https://example.test',
    'https://app-example.test',
    'https://appxexample.test',
    'https://app.example.test@evil.test',
    'https://evil.test/https://app.example.test',
    'https://app.example.test%2eevil.test',
    'https://app.example.test\0',
    'https://app.example.test\t',
    ' https://app.example.test',
    'https://app.example.test ',
    'https://app.example.test https://app.example.test',
    'https://app.example.test, https://app.example.test',
    'https://app.example.test,https://evil.test',
    'https://\u0430pp.example.test',
    'https://xn--pp-7kc.example.test',
    'https://\uff41pp.example.test',
    'https://app\u3002example.test',
    'https://admin.example.test.evil.test',
    'https://ADMIN.example.test',
    'https://admin.example.test:443',
    'http://admin.example.test',
    '__proto__',
    'length',
    '0',
  ])('%j is not our origin', (origin) => {
    for (const cookies of [true, false]) {
      for (const secFetchSite of [null, 'same-origin']) {
        expect(originFault({ origin, secFetchSite, cookies }, origins)).toBe(foreign)
      }
    }
  })

  test('no entry that is listed makes room for another', () => {
    const listed = { ...origins, allowed: ['https://*.example.test', 'example.test', '', '*'] }
    const from = (origin: string) =>
      originFault({ origin, secFetchSite: null, cookies: true }, listed)
    expect(from('https://blog.example.test')).toBe(foreign)
    expect(from('https://example.test')).toBe(foreign)
    expect(from('null')).toBe(foreign)
  })

  const site3 = fc.oneof(
    fc.constantFrom(null, '', 'same-origin', 'same-site', 'cross-site', 'none'),
    fc.string(),
  )
  const anyOrigin = fc.oneof(fc.constantFrom(...Object.values(sent)), fc.string(), fc.webUrl())

  test('property: whatever passes says ours or listed, or says same-origin, or brings nothing', () => {
    fc.assert(
      fc.property(anyOrigin, site3, fc.boolean(), (origin, secFetchSite, cookies) => {
        const fault = originFault({ origin, secFetchSite, cookies }, origins)
        fc.pre(fault === undefined)
        expect([null, 'same-origin', 'same-site']).toContain(secFetchSite)
        expect([sent.ours, sent.listed, null]).toContain(origin)
        if (secFetchSite === 'same-site') expect(origin).toBe(sent.listed)
        if (secFetchSite === null && origin === null) expect(cookies).toBe(false)
      }),
    )
  })

  test('property: cookies never open what is closed without them', () => {
    fc.assert(
      fc.property(anyOrigin, site3, (origin, secFetchSite) => {
        const without = originFault({ origin, secFetchSite, cookies: false }, origins)
        fc.pre(without !== undefined)
        expect(originFault({ origin, secFetchSite, cookies: true }, origins)).toBe(without)
      }),
    )
  })
})

const instanceId = 'aW5zdGFuY2UtMDEyMzQ1Ng'
const one = rootOf(Buffer.alloc(32, 1))
const two = rootOf(Buffer.alloc(32, 2))
const keys = deriveKeys({ active: one, verify: [two] }, instanceId)
const sid = 'c2Vzc2lvbi0wMTIzNDU2Nw'
const otherSid = 'c2Vzc2lvbi0wMTIzNDU2OA'
const nonce = Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex')

/**
 * Computed with Python's hmac: the key by HKDF from 32 bytes of 0x01; the MAC over `csrf/1`, 0x10, the
 * 16 bytes `session-01234567`, 0x10, the 16 bytes 0x00 to 0x0f.
 */
const token = 'AAECAwQFBgcICQoLDA0ODw.vF1jQgCdAXrpHvKjRl98DVvEidKshlitD9vtI_XX028'
const [nonceText, mac] = token.split('.') as [string, string]

test('a known answer: this session, nonce and key make this token', () => {
  expect(keys.active('csrf').key.toString('hex')).toBe(
    'f749ee981407530f72eb1c4e84b32a901ef624ab3d97531b9462d92af0670c68',
  )
  expect(mintCsrf(keys, sid, nonce)).toBe(token)
  expect(isCsrf(keys, sid, token)).toBe(true)
})

describe('the token gate', () => {
  const foreign = mintCsrf(keys, otherSid, nonce)
  const second = mintCsrf(keys, sid, Buffer.alloc(16, 9))
  const random = `${nonceText}.${Buffer.alloc(32, 7).toString('base64url')}`

  test.each<[string, string | null, string | undefined, string | undefined]>([
    ['the token in both', token, token, undefined],
    ['a second token of this session in both', second, second, undefined],
    ['nothing at all', null, undefined, 'no header'],
    ['the cookie alone', null, token, 'no header'],
    ['an empty header', '', token, 'no header'],
    ['the header alone', token, undefined, 'no cookie'],
    ['an empty cookie', token, '', 'no cookie'],
    ['two good tokens that differ', token, second, 'header is not cookie'],
    ['a planted cookie under a good header', token, 'AAAA', 'header is not cookie'],
    ['a guessed header over a good cookie', 'AAAA', token, 'header is not cookie'],
    ['an unsigned pair', 'AAAA', 'AAAA', 'not of this session'],
    ['a pair of an attacker who is signed in', foreign, foreign, 'not of this session'],
    ['the attacker’s in the cookie only', token, foreign, 'header is not cookie'],
    ['the attacker’s in the header only', foreign, token, 'header is not cookie'],
    ['a random one of the right form', random, random, 'not of this session'],
    ['two headers, as Node joins them', `${token}, ${token}`, token, 'header is not cookie'],
    ['good and junk joined', `${token}, x`, `${token}, x`, 'not of this session'],
    ['junk and good joined', `x, ${token}`, `x, ${token}`, 'not of this session'],
    ['two good ones joined', `${token}, ${token}`, `${token}, ${token}`, 'not of this session'],
    ['a quoted cookie', token, `"${token}"`, 'header is not cookie'],
    ['the nonce alone', nonceText, nonceText, 'not of this session'],
    ['the MAC alone', mac, mac, 'not of this session'],
    ['the session id', sid, sid, 'not of this session'],
  ])('%s', (_, header, cookie, fault) => {
    expect(tokenFault(keys, sid, header, cookie)).toBe(fault)
  })
})

describe('whether a token is of a session', () => {
  const bytes = Buffer.from(mac, 'base64url')
  test.each([
    ['nothing', ''],
    ['a dot', '.'],
    ['a space before', ` ${token}`],
    ['a space behind', `${token} `],
    ['a line break behind', `${token}\n`],
    ['padding behind the nonce', `${nonceText}==.${mac}`],
    ['padding behind the MAC', `${token}=`],
    ['the alphabet of base64', token.replaceAll('_', '/')],
    ['the MAC in hex', `${nonceText}.${bytes.toString('hex')}`],
    ['a MAC of 31 bytes', `${nonceText}.${bytes.subarray(0, 31).toString('base64url')}`],
    ['a MAC of 33 bytes', `${nonceText}.${Buffer.concat([bytes, nonce]).toString('base64url')}`],
    ['no MAC', `${nonceText}.`],
    ['no nonce', `.${mac}`],
    ['an empty part', `${nonceText}..${mac}`],
    ['a third part', `${token}.${mac}`],
    ['the parts swapped', `${mac}.${nonceText}`],
    ['another dot', token.replace('.', '\u2024')],
    ['percent-encoding', token.replace('_', '%5F')],
  ])('%s makes it none', (_, text) => {
    expect(text).not.toBe(token)
    expect(isCsrf(keys, sid, text)).toBe(false)
  })

  test('the unused bits of both parts are zero, or it is none', () => {
    // 'w' is 110000 and '8' is 111100: bits that decoding drops are set in these.
    for (const twin of [
      'x',
      'y',
      'z',
      '0',
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '7',
      '8',
      '9',
      '-',
      '_',
    ]) {
      const text = `${nonceText.slice(0, -1)}${twin}.${mac}`
      expect(Buffer.from(text.slice(0, 22), 'base64url')).toEqual(nonce)
      expect(isCsrf(keys, sid, text)).toBe(false)
    }
    for (const twin of ['9', '-', '_']) {
      const text = `${token.slice(0, -1)}${twin}`
      expect(Buffer.from(text.slice(23), 'base64url')).toEqual(bytes)
      expect(isCsrf(keys, sid, text)).toBe(false)
    }
  })

  test.each(purposes.filter((purpose) => purpose !== 'csrf'))(
    'one made with the %s key is none',
    (purpose) => {
      const mislaid = { ...keys, active: () => keys.active(purpose) }
      expect(isCsrf(keys, sid, mintCsrf(mislaid, sid, nonce))).toBe(false)
    },
  )

  test('it outlives a rotation and ends with the retirement', () => {
    const rotated = deriveKeys({ active: two, verify: [one] }, instanceId)
    const later = deriveKeys({ active: two, verify: [] }, instanceId)
    expect(isCsrf(rotated, sid, token)).toBe(true)
    expect(isCsrf(later, sid, token)).toBe(false)
    expect(isCsrf(later, sid, mintCsrf(rotated, sid, nonce))).toBe(true)
  })

  test('another instance with the same secret does not know it', () => {
    const other = deriveKeys({ active: one, verify: [two] }, 'YW5vdGhlci0xMjM0NTY3OA')
    expect(isCsrf(other, sid, token)).toBe(false)
  })

  const sixteen = fc.uint8Array({ minLength: 16, maxLength: 16 }).map((some) => Buffer.from(some))

  test('property: it is of the session it was made for, and of no other', () => {
    fc.assert(
      fc.property(sixteen, sixteen, sixteen, (session, other, any) => {
        fc.pre(!session.equals(other))
        const minted = mintCsrf(keys, session.toString('base64url'), any)
        expect(minted).toMatch(/^[\w-]{22}\.[\w-]{43}$/)
        expect(isCsrf(keys, session.toString('base64url'), minted)).toBe(true)
        expect(isCsrf(keys, other.toString('base64url'), minted)).toBe(false)
      }),
    )
  })

  test('property: any single changed character makes it none', () => {
    fc.assert(
      fc.property(fc.nat(token.length - 1), fc.string({ maxLength: 2 }), (at, instead) => {
        fc.pre(instead !== token[at])
        expect(isCsrf(keys, sid, `${token.slice(0, at)}${instead}${token.slice(at + 1)}`)).toBe(
          false,
        )
      }),
      { numRuns: 1000 },
    )
  })

  test('every bit of nonce and MAC counts', () => {
    for (let bit = 0; bit < 128 + 256; bit++) {
      const all = Buffer.concat([nonce, bytes])
      all.writeUInt8(all.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3)
      const [left, right] = [all.subarray(0, 16), all.subarray(16)]
      const bent = `${left.toString('base64url')}.${right.toString('base64url')}`
      expect.soft(isCsrf(keys, sid, bent), `bit ${bit}`).toBe(false)
    }
  })

  test('property: no text passes both gates’ last look, and none makes it throw', () => {
    const part = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom(nonceText, mac))
    const text = fc.array(part, { maxLength: 3 }).map((parts) => parts.join('.'))
    fc.assert(
      fc.property(text, (any) => {
        fc.pre(any !== token)
        expect(isCsrf(keys, sid, any)).toBe(false)
        expect(tokenFault(keys, sid, any, any)).toBeDefined()
      }),
    )
  })
})
