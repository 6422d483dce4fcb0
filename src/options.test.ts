import { expect, test } from 'vitest'
import { saidIn, settled } from './options.ts'

const sentence = 'database: PostgreSQL on another machine is reached over TLS'
const complains = (options: object): boolean =>
  settled(saidIn({ publicOrigin: 'https://app.example', ...options })).complaints.some((one) =>
    one.startsWith(sentence),
  )

test.each([
  ['postgres://u:p@db.example/d', true],
  ['postgresql://u:p@10.0.0.1:5432/d', true],
  ['postgres://u:p@[2001:db8::1]/d', true],
  ['postgres://u:p@db.example/d?sslmode=disable', true],
  ['postgres://u:p@db.example/d?sslmode=prefer', true],
  ['postgres://u:p@db.example/d?sslmode=require', true],
  ['postgres://u:p@db.example/d?sslmode=verify-ca', true],
  ['postgres://u:p@db.example/d?sslmode=no-verify', true],
  ['postgres://u:p@db.example/d?sslmode=verify-full&sslmode=disable', true],
  ['postgres://u:p@db.example/d?SSLMODE=verify-full', true],
  ['postgres://u:p@localhost/d?host=db.example', true],
  ['postgres://u:p@localhost/d?host=localhost&host=db.example', true],
  ['postgres://u:p@127.0.0.1.example/d', true],
  ['postgres://u:p@localhost.example/d', true],
  // Without a host the environment decides, which is not looked at here.
  ['postgres:///d', true],
  ['postgres://u:p@%zz/d', true],
  ['postgres://u:p@db.example/d?sslmode=verify-full', false],
  ['postgres://u:p@db.example/d?sslrootcert=ca.pem&sslmode=verify-full', false],
  ['postgres://u:p@localhost:5432/d', false],
  ['postgres://u:p@LOCALHOST/d', false],
  ['postgres://u:p@127.0.0.1/d', false],
  ['postgres://u:p@127.1.2.3/d?sslmode=disable', false],
  ['postgres://u:p@[::1]/d', false],
  ['postgres://u:p@db.example/d?host=/var/run/postgresql', false],
  ['postgres://u:p@%2Fvar%2Frun%2Fpostgresql/d', false],
  ['sqlite:./data/sallyport.db', false],
])('%s is spoken to in the clear, elsewhere: %s', (database, clear) => {
  expect(complains({ database })).toBe(clear)
  expect(complains({ database, insecureDatabaseConnection: true })).toBe(false)
})

test.each<[names: object, complaints: string[]]>([
  [{ session: 'sid', csrf: 'token' }, []],
  [{ session: ' ' }, ['cookies.names.session']],
  [{ session: 'a b' }, ['cookies.names.session']],
  [{ refresh: 'a;b', csrf: 'a=b' }, ['cookies.names.refresh', 'cookies.names.csrf']],
  [{ device: '__Host-device' }, ['cookies.names.device']],
  [{ session: 'x'.repeat(65) }, ['cookies.names.session']],
  [{ session: 'csrf' }, ['cookies.names']],
  [{ refresh: 'Session' }, ['cookies.names']],
])('cookies named %j: complaints of %j (R4.2, P10)', (names, complaints) => {
  const { complaints: told } = settled(
    saidIn({ publicOrigin: 'https://app.example', cookies: { names } }),
  )
  expect(told.map((one) => one.split(':')[0])).toEqual(complaints)
})
