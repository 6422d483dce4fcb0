/** Settle: every setting there can be, said in every way, and everything wrong said at once. */
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hashingSettings, passwordSettings } from './password.ts'
import { sessionSettings } from './session.ts'
import type { Settings } from './settings.ts'
import {
  durationOf,
  durationText,
  environmentName,
  flagName,
  pathsOf,
  type Said,
  settle,
} from './settle.ts'

const table = {
  wait: { is: 'duration', default: 60_000, min: 1_000, max: 3_600_000, doc: 'How long.' },
  few: { is: 'count', default: 5, min: 0, max: 100, unit: 'things', doc: 'How many.' },
  on: { is: 'flag', default: false, doc: 'Whether.' },
  inner: {
    way: { is: 'choice', default: 'left', of: ['left', 'right'], doc: 'Which way.' },
    name: { is: 'text', default: undefined, doc: 'What name.' },
    key: { is: 'text', default: undefined, secret: true, doc: 'What key.' },
    others: { is: 'texts', default: [], doc: 'Which others.' },
  },
} as const satisfies Settings

const defaults = {
  wait: 60_000,
  few: 5,
  on: false,
  inner: { way: 'left', name: undefined, key: undefined, others: [] },
}

const option = (path: string, value: unknown): Said => ({ path, value, as: path, text: false })
const environment = (path: string, value: string): Said => ({
  path,
  value,
  as: environmentName(path),
  text: true,
})
/** What one saying settles a path to, or the complaint about it. */
function settled(one: Said): unknown {
  const { policy, complaints } = settle(table, [one])
  if (complaints.length > 0) return complaints
  const [outer, inner] = one.path.split('.') as [keyof typeof table, 'way' | undefined]
  return inner ? policy.inner[inner] : policy[outer]
}

describe('names', () => {
  test.each([
    ['secret', 'SALLYPORT_SECRET', '--secret'],
    ['publicOrigin', 'SALLYPORT_PUBLIC_ORIGIN', '--public-origin'],
    ['session.limit', 'SALLYPORT_SESSION_LIMIT', '--session-limit'],
    ['session.limitPolicy', 'SALLYPORT_SESSION_LIMIT_POLICY', '--session-limit-policy'],
    ['cookies.sameSite', 'SALLYPORT_COOKIES_SAME_SITE', '--cookies-same-site'],
    ['allowedHosts', 'SALLYPORT_ALLOWED_HOSTS', '--allowed-hosts'],
    [
      'insecureCookiesForLocalhost',
      'SALLYPORT_INSECURE_COOKIES_FOR_LOCALHOST',
      '--insecure-cookies-for-localhost',
    ],
  ])('%s is %s and %s', (path, inEnvironment, asFlag) => {
    expect([environmentName(path), flagName(path)]).toEqual([inEnvironment, asFlag])
  })

  test('a table has a dotted path for every setting, in order', () => {
    expect(pathsOf(table).map(([path]) => path)).toEqual([
      'wait',
      'few',
      'on',
      'inner.way',
      'inner.name',
      'inner.key',
      'inner.others',
    ])
  })

  test('no two settings of the rules share a name in the environment', () => {
    const all = { password: passwordSettings, hashing: hashingSettings, session: sessionSettings }
    const given = pathsOf(all).map(([path]) => environmentName(path))
    expect(new Set(given).size).toBe(given.length)
    expect(given).toContain('SALLYPORT_SESSION_LIMIT_POLICY')
  })
})

test('whoever says nothing gets every default', () => {
  expect(settle(table, [])).toEqual({ policy: defaults, complaints: [] })
})

test('of two sayings the later wins, and the earlier is not even complained about', () => {
  const said = [option('few', 7), option('on', 'perhaps'), option('few', 9), option('on', true)]
  expect(settle(table, said)).toEqual({ policy: { ...defaults, few: 9, on: true }, complaints: [] })
})

test.each([
  ['wait', '1s', 1_000],
  ['wait', '1000ms', 1_000],
  ['wait', '60m', 3_600_000],
  ['wait', '1h', 3_600_000],
  ['few', '0', 0],
  ['few', '100', 100],
  ['few', '007', 7],
  ['on', 'true', true],
  ['on', 'false', false],
  ['inner.way', 'right', 'right'],
  ['inner.name', ' x ', ' x '],
  ['inner.others', 'a', ['a']],
  ['inner.others', 'a, b ,c', ['a', 'b', 'c']],
])('in the environment, %s as %j is %j', (path, text, value) => {
  expect(settled(environment(path, text))).toEqual(value)
})

test.each([
  ['wait', '15m', 900_000],
  ['few', 0, 0],
  ['few', 100, 100],
  ['on', true, true],
  ['on', false, false],
  ['inner.way', 'right', 'right'],
  ['inner.name', 'x', 'x'],
  ['inner.others', [], []],
  ['inner.others', ['a', 'b,c'], ['a', 'b,c']],
])('as an option, %s as %j is %j', (path, given, value) => {
  expect(settled(option(path, given))).toEqual(value)
})

const notDuration = 'write a length of time as 500ms, 30s, 15m, 12h or 7d'
describe('what is wrong', () => {
  test.each([
    ['wait', '', notDuration],
    ['wait', '60', notDuration],
    ['wait', '60000', notDuration],
    ['wait', '1 h', notDuration],
    ['wait', '1h ', notDuration],
    ['wait', '1h30m', notDuration],
    ['wait', '1.5h', notDuration],
    ['wait', '-1h', notDuration],
    ['wait', '1H', notDuration],
    ['wait', '1w', notDuration],
    ['wait', '1h\n', notDuration],
    ['wait', '0x10s', notDuration],
    ['wait', '1000000000ms', notDuration],
    ['wait', '999ms', '999ms is not between 1s and 1h'],
    ['wait', '61m', '61m is not between 1s and 1h'],
    ['wait', '0s', '0ms is not between 1s and 1h'],
    ['wait', '999999999d', '999999999d is not between 1s and 1h'],
    ['few', '101', '101 is not between 0 and 100'],
    ['few', '-1', 'write a whole number'],
    ['few', '+1', 'write a whole number'],
    ['few', '1.0', 'write a whole number'],
    ['few', '1e1', 'write a whole number'],
    ['few', '0x1', 'write a whole number'],
    ['few', ' 1', 'write a whole number'],
    ['few', '', 'write a whole number'],
    ['few', '٣', 'write a whole number'],
    ['few', 'Infinity', 'write a whole number'],
    ['few', '1000000000', 'write a whole number'],
    ['on', '', 'write true or false'],
    ['on', '1', 'write true or false'],
    ['on', 'yes', 'write true or false'],
    ['on', 'TRUE', 'write true or false'],
    ['on', 'toString', 'write true or false'],
    ['on', '__proto__', 'write true or false'],
    ['inner.way', '', '"" is not one of left, right'],
    ['inner.way', 'LEFT', '"LEFT" is not one of left, right'],
    ['inner.way', 'left,right', '"left,right" is not one of left, right'],
    ['inner.name', '', 'write some text, or leave it out'],
    ['inner.name', '  ', 'write some text, or leave it out'],
    ['inner.others', '', 'separate them by commas'],
    ['inner.others', 'a,,b', 'separate them by commas'],
    ['inner.others', 'a,', 'separate them by commas'],
  ])('in the environment, %s as %j', (path, text, wrong) => {
    const doc = pathsOf(table).find(([one]) => one === path)?.[1].doc
    expect(settled(environment(path, text))).toEqual([`${environmentName(path)}: ${wrong}. ${doc}`])
  })

  test.each([
    ['wait', 60_000, notDuration],
    ['wait', null, notDuration],
    ['wait', ['1h'], notDuration],
    ['few', '5', 'write a whole number'],
    ['few', 5.5, 'write a whole number'],
    ['few', Number.NaN, 'write a whole number'],
    ['few', Number.POSITIVE_INFINITY, 'write a whole number'],
    ['few', null, 'write a whole number'],
    ['few', true, 'write a whole number'],
    ['few', [5], 'write a whole number'],
    ['few', -1, '-1 is not between 0 and 100'],
    ['few', 101, '101 is not between 0 and 100'],
    ['on', 'true', 'write true or false'],
    ['on', 1, 'write true or false'],
    ['on', null, 'write true or false'],
    ['inner.way', null, 'nothing is not one of left, right'],
    ['inner.way', 0, 'a number is not one of left, right'],
    ['inner.way', ['right'], 'a list is not one of left, right'],
    ['inner.way', 'x'.repeat(99), `"${'x'.repeat(64)}" is not one of left, right`],
    ['inner.name', 5, 'write some text, or leave it out'],
    ['inner.name', null, 'write some text, or leave it out'],
    ['inner.others', 'a', 'write a list of texts'],
    ['inner.others', ['a', 5], 'write a list of texts'],
    ['inner.others', [' '], 'write a list of texts'],
    ['inner.others', null, 'write a list of texts'],
  ])('as an option, %s as %j', (path, given, wrong) => {
    const doc = pathsOf(table).find(([one]) => one === path)?.[1].doc
    expect(settled(option(path, given))).toEqual([`${path}: ${wrong}. ${doc}`])
  })

  test.each(['nothing', 'inner', 'inner.nothing', 'wait.default', '', 'constructor', '__proto__'])(
    '%j is no setting',
    (path) => {
      const said = { ...option(path, 'x'), as: '--it' }
      expect(settle(table, [said])).toEqual({
        policy: defaults,
        complaints: ['--it: there is no such setting.'],
      })
    },
  )

  test('all of it is said at once, each under the name it was given by', () => {
    const said = [
      environment('wait', '2h'),
      { ...environment('few', 'many'), as: '--few' },
      option('inner.way', 'up'),
      option('speed', 1),
      option('on', true),
    ]
    expect(settle(table, said)).toEqual({
      policy: { ...defaults, on: true },
      complaints: [
        'speed: there is no such setting.',
        'SALLYPORT_WAIT: 2h is not between 1s and 1h. How long.',
        '--few: write a whole number. How many.',
        'inner.way: "up" is not one of left, right. Which way.',
      ],
    })
  })

  test('a complaint repeats nothing of a secret', () => {
    for (const value of [['hunter2hunter2'], { hunter2: 1 }, '   ']) {
      expect(JSON.stringify(settle(table, [option('inner.key', value)]))).not.toContain('hunter2')
    }
  })
})

describe('durations', () => {
  test.each([
    ['1ms', 1],
    ['500ms', 500],
    ['30s', 30_000],
    ['15m', 900_000],
    ['12h', 43_200_000],
    ['7d', 604_800_000],
    ['90d', 7_776_000_000],
  ])('%s is %d ms, written and read', (text, length) => {
    expect([durationOf(text), durationText(length)]).toEqual([length, text])
  })

  test.each([
    ['0d', 0, '0ms'],
    ['1000ms', 1_000, '1s'],
    ['90s', 90_000, '90s'],
    ['120s', 120_000, '2m'],
    ['24h', 86_400_000, '1d'],
    ['036h', 129_600_000, '36h'],
  ])('%s is %d ms, and written %s', (text, length, again) => {
    expect([durationOf(text), durationText(length)]).toEqual([length, again])
  })

  const longest = { ms: 999_999_999, s: 999_999_999, m: 129_600, h: 2_160, d: 90 }
  const text = fc
    .constantFrom(...(Object.keys(longest) as (keyof typeof longest)[]))
    .chain((unit) => fc.integer({ min: 0, max: longest[unit] }).map((count) => `${count}${unit}`))

  test('property: whatever can be said is printed so that it is read back', () => {
    fc.assert(
      fc.property(text, (said) => {
        const length = durationOf(said)
        expect(length).toBeDefined()
        expect(durationOf(durationText(length ?? Number.NaN))).toBe(length)
      }),
    )
  })

  test('property: any other text is none', () => {
    fc.assert(
      fc.property(fc.string(), (any) => {
        fc.pre(!/^\d+(?:ms|[smhd])$/.test(any))
        expect(durationOf(any)).toBeUndefined()
      }),
    )
  })
})

describe('property: the settings of a session', () => {
  const durations = Object.entries(sessionSettings).flatMap(([name, setting]) =>
    setting.is === 'duration' ? [{ name, ...setting }] : [],
  )
  /** Every policy that can be said: whole seconds at least, since a day has many milliseconds. */
  const lengths = fc.tuple(
    ...durations.map(({ name, min, max }) =>
      fc
        .integer({ min: min / 1000, max: max / 1000 })
        .map((seconds): [string, number] => [name, seconds * 1000]),
    ),
  )

  test('printed, they are read back as they were, from options and from the environment', () => {
    expect(durations.length).toBeGreaterThan(5)
    fc.assert(
      fc.property(lengths, fc.boolean(), (policy, text) => {
        const said = policy.map(([name, length]) => ({
          path: name,
          value: durationText(length),
          as: name,
          text,
        }))
        const { policy: read, complaints } = settle(sessionSettings, said)
        expect(complaints).toEqual([])
        expect(read).toMatchObject(Object.fromEntries(policy))
      }),
    )
  })

  test.each(durations)('$name is bounded to the millisecond', ({ name, min, max }) => {
    const complaintsOf = (value: string) =>
      settle(sessionSettings, [option(name, value)]).complaints.length
    expect([complaintsOf(`${min}ms`), complaintsOf(`${min - 1}ms`)]).toEqual([0, 1])
    expect([complaintsOf(`${max / 1000}s`), complaintsOf(`${max / 1000 + 1}s`)]).toEqual([0, 1])
  })
})

test('property: a policy is always whole and in bounds, whatever was said', () => {
  const value = fc.oneof(
    fc.string(),
    fc.integer(),
    fc.double(),
    fc.boolean(),
    fc.constant(null),
    fc.array(fc.string()),
    fc.constantFrom('5', '1h', 'true', 'right', '2h', '101'),
  )
  const path = fc.oneof(fc.constantFrom(...pathsOf(table).map(([one]) => one)), fc.string())
  const options = fc.tuple(path, value).map(([of, given]) => option(of, given))
  const texts = fc.tuple(path, fc.string()).map(([of, given]) => environment(of, given))
  const any = fc.array(fc.oneof(options, texts))
  fc.assert(
    fc.property(any, (sayings) => {
      const { policy } = settle(table, sayings)
      expect(Object.keys(policy)).toEqual(Object.keys(defaults))
      expect(Object.keys(policy.inner)).toEqual(Object.keys(defaults.inner))
      expect(policy.wait).toBeGreaterThanOrEqual(1_000)
      expect(policy.wait).toBeLessThanOrEqual(3_600_000)
      expect(Number.isSafeInteger(policy.few) && policy.few >= 0 && policy.few <= 100).toBe(true)
      expect(typeof policy.on).toBe('boolean')
      expect(policy.inner.others.every((one) => typeof one === 'string')).toBe(true)
    }),
  )
})
