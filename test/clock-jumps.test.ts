/**
 * The clock of a machine that jumps or is wrong when a server starts, on SQLite, which has no other.
 * `npm run campaign -- clock` does the same to real processes by libfaketime (`apt-get install
 * libfaketime`, or `FAKETIME_LIBRARY=<path of libfaketimeMT.so.1>`).
 *
 * @module
 */
import { existsSync, globSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, expect, onTestFinished, test, vi } from 'vitest'
import { freePort } from '../scripts/free-port.ts'
import { createSallyport, type Sallyport } from '../src/index.ts'
import { reported } from './campaigns/report.ts'
import { origin, secret, setupToken } from './gate/gate.ts'
import { type Visitor, visitor } from './gate/visitor.ts'
import { altered } from './server/altered.ts'
import { type Browser, browser, password } from './server/browser.ts'
import { emptyFolder, serve, unlimited } from './server/process.ts'

const campaign = process.env.CAMPAIGN === 'clock'
const [minute, hour] = [60_000, 3_600_000]

/** Whether a browser is let in, or is after a refresh, as the client asks for one. */
async function stands(gate: Sallyport, { jar }: Visitor): Promise<boolean> {
  const who = visitor(gate, undefined, { jar: new Map(jar) })
  const isIn = async () => (await who.send('GET', '/auth/me')).status === 200
  if (await isIn()) return true
  const { status } = await who.send('POST', '/auth/refresh')
  if (status !== 200 && status !== 204) return false
  for (const [name, value] of who.jar) jar.set(name, value)
  return isIn()
}

afterEach(() => {
  vi.useRealTimers()
})

const at = (text: string) => Date.parse(text) - Date.now()

test.each([
  ['an hour back', -hour],
  ['an hour forth', hour],
  ['to 1970', at('1970-01-02')],
  ['to 2039', at('2039-01-01')],
  ['to 2107', at('2107-01-01')],
])(
  'TIME-02, TIME-03: a clock set %s and right again makes no session last longer',
  async (_, off) => {
    const begun = Date.now()
    vi.useFakeTimers({ toFake: ['Date'] })
    const database = `sqlite:${join(emptyFolder(), 'auth.db')}`
    const open = async () => {
      const gate = await createSallyport({ publicOrigin: origin, database, secret, setupToken })
      onTestFinished(() => gate.close())
      return gate
    }
    const gate = await open()
    const before = visitor(gate)
    expect((await before.setUp()).status).toBe(201)
    vi.setSystemTime(begun + off)
    // Set back, it would live on by what the clock was set back.
    expect(await stands(gate, before)).toBe(false)
    const other = await open()
    const within = visitor(other)
    expect((await within.logIn('ada')).status).toBe(200)
    expect(await stands(other, within)).toBe(true)

    vi.setSystemTime(begun + minute / 2)
    // Of a clock that was ahead it would live for years; of one behind it is over.
    expect(await stands(other, within)).toBe(false)
    vi.setSystemTime(begun + 59 * minute)
    expect([await stands(other, within), await stands(gate, before)]).toEqual([off === hour, false])
  },
)

test('TIME-02: a clock set back by less than a minute ends nothing', async () => {
  vi.useFakeTimers({ toFake: ['Date'] })
  const gate = await createSallyport({
    ...{ publicOrigin: origin, secret, setupToken },
    database: 'sqlite::memory:',
  })
  const ada = visitor(gate)
  await ada.setUp()
  vi.setSystemTime(Date.now() - 50_000)
  expect(await stands(gate, ada)).toBe(true)
  await gate.close()
})

/** What makes a process believe in another time. */
function libraryForTime(): string {
  const places = [
    '/usr/lib/*/faketime/libfaketimeMT.so.1',
    '/usr/local/lib/faketime/libfaketimeMT.so.1',
  ]
  const found = process.env.FAKETIME_LIBRARY ?? globSync(places)[0]
  if (found && existsSync(found)) return found
  throw new Error('This campaign needs libfaketime: apt-get install libfaketime')
}

const cases: readonly [name: string, offset: string, back: boolean][] = [
  ['an hour back', '-3600', true],
  ['an hour forth', '+3600', false],
  ['five minutes back', '-300', true],
  ['a day back', '-86400', true],
  ['to 1970', '@1970-01-02 00:00:00', true],
  ['to 2039', '@2039-01-01 00:00:00', false],
  ['to 2107', '@2107-01-01 00:00:00', false],
  ['at half its pace', '+0 x0.5', false],
]

if (campaign)
  test.each(cases)(
    'a real server, its clock %s',
    { timeout: 600_000 },
    async (name, offset, back) => {
      const rounds = Number(process.env.ROUNDS ?? 5)
      const counts = { rounds: 0, checks: 0, 'sign-ins': 0 }
      const violations: string[] = []
      for (; counts.rounds < rounds; counts.rounds++) {
        const folder = emptyFolder()
        const given = join(folder, 'time')
        writeFileSync(given, '+0\n')
        const { NODE_OPTIONS, ALTERED } = altered('hashes at once')
        const start = async (port: number) =>
          serve({
            folder,
            port,
            env: {
              ...unlimited,
              NODE_OPTIONS,
              ALTERED,
              LD_PRELOAD: libraryForTime(),
              FAKETIME_TIMESTAMP_FILE: given,
              FAKETIME_NO_CACHE: '1',
              FAKETIME_DONT_FAKE_MONOTONIC: '1',
              TZ: 'UTC',
            },
          })
        const port = await freePort()
        let server = await start(port)
        const wants = async (what: string, who: Browser, allowed: readonly number[]) => {
          counts.checks += 1
          const { status } = await who.send('GET', '/auth/me')
          if (!allowed.includes(status))
            violations.push(`round ${counts.rounds}: ${what}: ${status}`)
        }
        const signedIn = async () => {
          const who = browser({ port })
          counts['sign-ins'] += 1
          const { status } = await who.logIn('ada', password)
          if (status !== 200) violations.push(`round ${counts.rounds}: sign-in: ${status}`)
          return who
        }
        await browser({ port }).setUp(server.setupToken)
        const before = await signedIn()
        // Half of the rounds while it runs, half of them over a start.
        const over = counts.rounds % 2 === 1
        if (over) await server.stop()
        writeFileSync(given, `${offset}\n`)
        if (over) server = await start(port)
        const slow = offset.includes('x')
        await wants(
          'begun before it was set',
          before,
          slow || offset === '+3600' ? [200, 401] : [401],
        )
        const within = await signedIn()
        await wants('begun while it was wrong', within, [200])
        if (over) await server.stop()
        writeFileSync(given, '+0\n')
        if (over) server = await start(port)
        await wants(
          'begun while it was wrong, right again',
          within,
          back || slow ? [200, 401] : [401],
        )
        const after = await signedIn()
        await wants('begun when it was right again', after, [200])
        await server.stop()
        // The longest a session may live unused, from when the clock was right.
        writeFileSync(given, '+1860\n')
        server = await start(port)
        // One begun an hour ahead is due by now, for no longer than any other.
        const due = offset === '+3600' ? { before, after } : { before, within, after }
        for (const [what, who] of Object.entries(due))
          await wants(`${what}, after the idle limit`, who, [401])
        await server.stop()
      }
      reported(name, { counts, violations })
      expect(violations).toEqual([])
    },
  )
