/** Cookies: attributes in every mode, and a reader that no junk can mislead. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  clearCookie,
  cookieJar,
  heardCookies,
  isLoopback,
  readCookies,
  setCookie,
} from './cookies.ts'

const origin = new URL('https://app.example')
const jar = cookieJar({ origin, sameSite: 'strict' })
const read = (header: string | null) => readCookies(header, jar.names)

describe('writing', () => {
  test.each([
    ['https://app.example', undefined, 'strict', '__Host-', '; Path=/; Secure; SameSite=Strict'],
    ['https://app.example', undefined, 'lax', '__Host-', '; Path=/; Secure; SameSite=Lax'],
    [
      'https://app.example',
      'example.org',
      'strict',
      '__Secure-',
      '; Path=/; Domain=example.org; Secure; SameSite=Strict',
    ],
    ['http://localhost:3000', undefined, 'strict', '', '; Path=/; SameSite=Strict'],
    ['http://127.0.0.9:3000', undefined, 'strict', '', '; Path=/; SameSite=Strict'],
    ['http://[::1]:3000', undefined, 'strict', '', '; Path=/; SameSite=Strict'],
    ['https://localhost', undefined, 'strict', '__Host-', '; Path=/; Secure; SameSite=Strict'],
    ['http://app.example', undefined, 'strict', '__Host-', '; Path=/; Secure; SameSite=Strict'],
  ] as const)('%s, domain %s, %s', (at, domain, sameSite, prefix, attributes) => {
    const { names, attributes: shared } = cookieJar({ origin: new URL(at), domain, sameSite })
    expect(names).toEqual({
      session: `${prefix}session`,
      refresh: `${prefix}refresh`,
      csrf: `${prefix}csrf`,
      device: `${prefix}device`,
    })
    expect(shared).toBe(attributes)
  })

  test('each is cleared with exactly the attributes it was set with', () => {
    for (const kind of ['session', 'refresh', 'csrf', 'device'] as const) {
      const set = setCookie(jar, kind, 'v', 300)
      expect(clearCookie(jar, kind)).toBe(set.replace('=v;', '=;').replace('=300', '=0'))
    }
  })

  test('script reads only the CSRF cookie', () => {
    expect(setCookie(jar, 'csrf', 'a.b', 9)).toBe(
      '__Host-csrf=a.b; Path=/; Secure; SameSite=Strict; Max-Age=9',
    )
    expect(setCookie(jar, 'refresh', 'r', 'browser-session')).toBe(
      '__Host-refresh=r; Path=/; Secure; SameSite=Strict; HttpOnly',
    )
  })

  test.each(['', 'a b', 'a;b', 'a,b', 'a"b', 'a\\b', 'a\r\nb', 'ä', 'a\0'])(
    'does not write the value %j',
    (value) => {
      expect(() => setCookie(jar, 'session', value, 1)).toThrow(TypeError)
    },
  )

  test.each([-1, 0.5, Number.NaN, Number.POSITIVE_INFINITY])('does not write age %d', (age) => {
    expect(() => setCookie(jar, 'session', 'v', age)).toThrow(TypeError)
  })

  test.each(['a; Secure', '.example.org', 'EXAMPLE.org', 'a\nb.c'])('no domain %j', (domain) => {
    expect(() => cookieJar({ origin, domain, sameSite: 'strict' })).toThrow(TypeError)
  })

  test.each([
    ['localhost', true],
    ['127.0.0.1', true],
    ['[::1]', true],
    ['127.0.0.1.evil.example', false],
    ['localhost.evil.example', false],
    ['128.0.0.1', false],
  ])('loopback: %s %s', (host, is) => {
    expect(isLoopback(host)).toBe(is)
  })
})

describe('reading', () => {
  test.each([
    [null, {}],
    ['', {}],
    ['__Host-session=a', { session: 'a' }],
    ['__Host-session=a;__Host-refresh=b', { session: 'a', refresh: 'b' }],
    ['x=1; \t __Host-csrf=n.m; __Host-device=d', { csrf: 'n.m', device: 'd' }],
    ['__Host-session=a=b==', { session: 'a=b==' }],
    ['__Host-session="a"', { session: '"a"' }],
    ['__Host-session=%61', { session: '%61' }],
    ['__Host-session=a ; x=1', { session: 'a ' }],
    ['__Host-session=a,b', { session: 'a,b' }],
    // Ours, but malformed: there, and nothing a token reader would take.
    ['__Host-session=', { session: '' }],
    ['__Host-session', { session: '' }],
    ['__Host-session =a', { session: '' }],
    ['__Host-session = a', { session: '' }],
    // Not ours.
    ['__host-session=a', {}],
    ['__HOST-SESSION=a', {}],
    ['session=a', {}],
    ['__Secure-session=a', {}],
    ['x__Host-session=a', {}],
    ['__Host-sessions=a', {}],
    ['\u00a0__Host-session=a', {}],
    ['__Host-session\u00a0=a', {}],
    ['=__Host-session=a', {}],
    ['__proto__=1; constructor=2; __Host-session=a', { session: 'a' }],
    [';;;=;a;==;"; __Host-session=a; \0\x01\xff=%zz', { session: 'a' }],
  ])('%j', (header, found) => {
    expect(read(header)).toEqual({ ok: true, ...found })
  })

  test.each([
    '__Host-session=a; __Host-session=b',
    '__Host-session=a; __Host-session=a',
    '__Host-session=; __Host-session=a',
    '__Host-session; __Host-session=a',
    '__Host-device=a; x=1; __Host-device =b',
  ])('refuses one of ours twice: %s', (header) => {
    expect(read(header)).toMatchObject({ ok: false, code: 'malformed_request' })
  })

  test('twice is of no matter for the cookies of others', () => {
    expect(read('x=1; x=2; __Host-session=a')).toEqual({ ok: true, session: 'a' })
  })

  test('a value over 4 KB is passed on, a header over 16 KB is refused', () => {
    const long = 'a'.repeat(8192)
    expect(read(`__Host-session=${long}`)).toEqual({ ok: true, session: long })
    expect(read(`x=${'a'.repeat(16 * 1024 - 2)}`)).toEqual({ ok: true })
    expect(read(`x=${'a'.repeat(16 * 1024 - 1)}`)).toMatchObject({ code: 'malformed_request' })
  })

  test('property: junk around it neither hides ours nor changes it', () => {
    const bytes = fc.string({
      unit: fc.integer({ min: 1, max: 255 }).map((c) => String.fromCharCode(c)),
    })
    const junk = fc.array(bytes.filter((text) => !text.includes('__Host-')))
    const token = fc.stringMatching(/^[\w.-]{1,80}$/)
    fc.assert(
      fc.property(junk, token, junk, (before, value, after) => {
        const header = [...before, `__Host-refresh=${value}`, ...after].join('; ')
        expect(read(header)).toEqual({ ok: true, refresh: value })
      }),
    )
  })

  test('property: what was set is read again', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[\w.-]{1,80}$/), fc.nat(), (value, age) => {
        const pair = setCookie(jar, 'device', value, age).split(';')[0] ?? ''
        expect(read(pair)).toEqual({ ok: true, device: value })
      }),
    )
  })
})

describe('remembering', () => {
  const header = (mac: string) => `theme=dark; __Host-session=head.body.${mac}; lang=en`
  const [ada, bob] = ['mac-of-ada-0123456789', 'mac-of-bob-9876543210'].map(header) as [
    string,
    string,
  ]

  test('a header is found again by its session, whatever all browsers send behind it', () => {
    const { get, keep } = heardCookies(jar.names)
    for (const one of [ada, bob]) {
      const cookies = read(one)
      if (cookies.ok) keep(one, cookies)
    }
    expect([get(ada), get(bob)]).toEqual([read(ada), read(bob)])
  })

  test('only to the letter: what was added, left out or changed is read anew', () => {
    const { get, keep } = heardCookies(jar.names)
    const cookies = read(ada)
    if (cookies.ok) keep(ada, cookies)
    const others = [
      `${ada}; __Host-session=another`,
      `__Host-csrf=planted; ${ada}`,
      ada.slice(0, -1),
      ada.replace('lang=en', 'lang=de'),
      ada.replace('head.', 'Head.'),
      '',
    ]
    expect(others.map((other) => get(other))).toEqual(others.map(() => undefined))
  })
})
