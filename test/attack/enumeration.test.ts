/**
 * Who has an account here? No answer, and no work done for it, may tell: the ENUM cases of
 * `security.md`. Time is not measured here; what takes time is counted.
 *
 * @module
 */
import { expect, onTestFinished, test } from 'vitest'
import { logIn } from '../../src/flows/log-in.ts'
import { saidIn } from '../../src/options.ts'
import { openWorld } from '../../src/world.ts'
import { databases, openTestGate, origin, secret, setupToken } from '../gate/gate.ts'
import { addPerson } from '../gate/people.ts'
import { expectRefused, unharmed } from '../gate/refusal.ts'
import { type Got, password, visitor } from '../gate/visitor.ts'

/** Everything about an answer but the request id. */
const all = ({ status, headers, text, set }: Got) => {
  const id = headers.get('x-request-id') ?? ''
  const others = [...headers].map(([name, value]) => [name, value.replace(id, 'id')])
  return JSON.stringify([status, others, text.replace(id, 'id'), set])
}

/** A claimed instance with somebody of every kind who cannot get in. */
async function peopled(kind: (typeof databases)[number] = 'sqlite') {
  const open = await openTestGate(kind)
  await visitor(open.gate).setUp()
  await addPerson(open, 'disabled', { disabled: true })
  await addPerson(open, 'restricted', { mustChange: true })
  await addPerson(open, 'passwordless', { passwordless: true })
  await addPerson(open, 'late', { mustChange: true })
  await addPerson(open, 'deleted')
  await open.query(`update users set "temporaryUntil" = 1 where username = 'late'`)
  await open.query(`update users set "deletedAt" = 1 where username = 'deleted'`)
  await addPerson(open, 'corrupt')
  await open.query(`update users set "passwordHash" = 'x$argon2id$' where username = 'corrupt'`)
  await addPerson(open, 'retired')
  await open.query(`update users set "passwordHash" = 'AAAAAAAA' || substr("passwordHash", 9)
    where username = 'retired'`)
  await open.recorded()
  return open
}

const wrong = 'some other long password'
const attempts: readonly (readonly [name: string, password: string])[] = [
  ['nobody', password],
  ['nobody', wrong],
  ['ada', wrong],
  ['ADA', wrong],
  ['ada', ''],
  ['ada', ` ${password}`],
  ['ada', password.toUpperCase()],
  ['ada', 'x'.repeat(1_024)],
  ['disabled', wrong],
  ['disabled', password],
  ['restricted', wrong],
  ['passwordless', password],
  ['passwordless', ''],
  ['late', password],
  ['late', wrong],
  ['deleted', password],
  ['corrupt', password],
  ['retired', password],
  ['', password],
  ['not a name', password],
  ['аda', password],
  ["ada' or '1'='1", password],
  ['ada\0', password],
  ['n'.repeat(1_024), password],
]

test.each(databases)('ENUM-01: every sign-in that fails is answered alike, on %s', async (kind) => {
  const open = await peopled(kind)
  const told = new Map<string, string>()
  const said = await unharmed(open, async () => {
    for (const [name, typed] of attempts) {
      const got = await visitor(open.gate).logIn(name, typed)
      expectRefused(got, 401, 'invalid_credentials', `${name} ${typed}`)
      told.set(all(got), name)
    }
  })
  expect([...told.values()]).toHaveLength(1)
  // For the operator each is told apart, though not by what somebody typed for a name.
  expect(said).toHaveLength(attempts.length)
  expect(new Set(said.map(({ reason }) => reason))).toEqual(
    new Set(['unknown_name', 'wrong_password', 'cannot_sign_in', 'corrupt_hash']),
  )
  for (const { subject } of said) expect(subject).toMatch(/^(?:user|name):[\w-]{22}$/)
  const pseudonyms = said.map(({ subject }) => subject).filter((one) => one?.startsWith('name:'))
  expect(new Set(pseudonyms).size).toBe(pseudonyms.length - 1)
})

test('ENUM-02: every sign-in that fails does the same work: the same reads, one charge, one hash, one record', async () => {
  const { database } = await peopled()
  const written = { publicOrigin: origin, database, secret, setupToken }
  const { world, close } = await openWorld(saidIn(written), undefined)
  onTestFinished(close)
  const { hasher, store } = world
  let work: string[] = []
  const counted = {
    ...world,
    hasher: {
      ...hasher,
      hash: (...asked: Parameters<typeof hasher.hash>) => {
        work.push('hash')
        return hasher.hash(...asked)
      },
      verify: (...asked: Parameters<typeof hasher.verify>) => {
        work.push(`verify ${/^\$argon2id\$v=19\$m=\d+,t=\d+,p=\d+/.exec(asked[0])}`)
        return hasher.verify(...asked)
      },
    },
    store: {
      ...store,
      find: (ref: Parameters<typeof store.find>[0]) => {
        work.push(`find ${'one' in ref ? ref.one : ref.many}`)
        return store.find(ref)
      },
      step: (...asked: Parameters<typeof store.step>) => {
        work.push('step')
        return store.step(...asked)
      },
    },
  } as unknown as typeof world
  const from = { address: '192.0.2.1', bucket: '192.0.2.1', userAgent: '', came: undefined }
  for (const [username, typed] of attempts) {
    work = []
    const asked = { username, password: typed, remember: false }
    expect((await logIn(counted, asked, from)).ok).toBe(false)
    expect([username, work]).toEqual([
      username,
      [
        'find instance',
        'find users',
        'step',
        'find instance',
        'verify $argon2id$v=19$m=19456,t=2,p=1',
        'step',
      ],
    ])
  }
})

test('ENUM-05: a session that is somebody else’s is as unknown as one that is not there', async () => {
  const open = await peopled()
  const { gate, recorded } = open
  await addPerson(open, 'ed')
  const ed = visitor(gate)
  await ed.logIn('ed')
  await addPerson(open, 'bob')
  const bobs = (await visitor(gate).logIn('bob')).json.session.id
  await recorded()
  const told = new Set<string>()
  const said = await unharmed(open, async () => {
    for (const id of [bobs, 'A'.repeat(22), 'x', bobs.toUpperCase(), bobs.slice(1)]) {
      const got = await ed.send('DELETE', `/auth/sessions/${id}`)
      expectRefused(got, 404, 'not_found')
      told.add(all(got))
    }
  })
  expect([told.size, said]).toEqual([1, []])
})

test('ENUM-07: what anybody may ask tells nothing of people, before sign-in or after it failed', async () => {
  const few = await openTestGate()
  await visitor(few.gate).setUp()
  const many = await peopled()
  for (const path of [
    '/auth/setup',
    '/health/live',
    '/health/ready',
    '/auth/me',
    '/auth/sessions',
  ]) {
    const [one, other] = await Promise.all(
      [few, many].map(({ gate }) => visitor(gate).send('GET', path)),
    )
    expect(other && all(other)).toBe(one && all(one))
  }
  const failed = await visitor(many.gate).logIn('ada', wrong)
  expect([failed.set, failed.headers.get('www-authenticate')]).toEqual([[], null])
})

test('SESS-01: that a person has no session left to open is told to who knows the password', async () => {
  const open = await openTestGate('sqlite', { session: { limit: 1, limitPolicy: 'reject' } })
  await visitor(open.gate).setUp()
  await unharmed(open, async () => {
    const stranger = await visitor(open.gate).logIn('ada', wrong)
    const unknown = await visitor(open.gate).logIn('nobody', wrong)
    expect(all(stranger)).toBe(all(unknown))
    expectRefused(await visitor(open.gate).logIn('ada'), 409, 'session_limit_reached')
  })
})
