/**
 * Programs that are none of ours write to the SQLite file of two servers all the time, each holding it for ten
 * milliseconds and asking for it again at once. `npm run campaign -- busy` lets them for a minute.
 *
 * @module
 */
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reported } from './campaigns/report.ts'
import { type alterations, altered } from './server/altered.ts'
import { password } from './server/browser.ts'
import { fleet, places } from './server/pair.ts'

const campaign = process.env.CAMPAIGN === 'busy'
const seconds = campaign ? 60 : 3
const people = 8

interface Noise {
  /** Stops it. @returns How often it wrote. */
  stop(): Promise<number>
}

async function noise(file: string): Promise<Noise> {
  const child = fork(join(import.meta.dirname, 'store/noise.ts'), [file])
  await once(child, 'message')
  return {
    async stop() {
      const told = once(child, 'message')
      child.send('stop')
      return Number((await told)[0])
    },
  }
}

/** Half of them know their password. */
async function storm(servers: number, ...more: readonly (keyof typeof alterations)[]) {
  const all = await fleet(servers, places['one SQLite file'], {
    SALLYPORT_SESSION_LIMIT: '0',
    SALLYPORT_LOCKOUT_THRESHOLD: '100',
    SALLYPORT_LOCKOUT_PER_ADDRESS: '100000',
    ...altered('hashes at once', ...more),
  })
  expect((await all.tab(0).setUp(all.nodes[0]?.setupToken ?? '')).status).toBe(201)
  const file = join(all.nodes[0]?.folder ?? '', 'data/sallyport.db')
  const noises = await Promise.all([noise(file), noise(file), noise(file)])
  const took: number[] = []
  const codes: unknown[] = []
  const until = performance.now() + seconds * 1_000
  const visit = async (who: number) => {
    for (let n = 0; performance.now() < until; n++) {
      // A name rests after a hundred.
      const username = who % 2 ? 'ada' : `nobody-${who}-${Math.floor(n / 50)}`
      const began = performance.now()
      const { status } = await all
        .tab(n % servers)
        .send('POST', '/auth/login', { json: { username, password } })
      took.push(performance.now() - began)
      codes.push(status)
    }
  }
  await Promise.all(Array.from({ length: people }, (_, who) => visit(who)))
  const wrote = await Promise.all(noises.map(({ stop }) => stop()))
  const sum = async (statement: string) =>
    Number(Object.values((await all.query(statement))[0] ?? {})[0])
  const count = (code: number) => codes.filter((one) => one === code).length
  const sorted = took.sort((a, b) => a - b)
  return {
    wrote,
    signedIn: count(200),
    refused: count(401),
    odd: codes.filter((code) => code !== 200 && code !== 401),
    sessions: await sum('select count(*) from sessions'),
    counted: await sum(
      `select sum(failures) from attempts where username is null and id like 'name:%'`,
    ),
    p99: Math.round(sorted[Math.floor(sorted.length * 0.99)] ?? 0),
  }
}

test('FAULT-07: while others write to the file nobody is turned away and no guess goes uncounted', {
  timeout: 60_000 + seconds * 2_000,
}, async () => {
  const { wrote, signedIn, refused, odd, sessions, counted, p99 } = await storm(2)
  // What there was to wait for.
  for (const times of wrote) expect(times).toBeGreaterThan(seconds)
  expect(signedIn).toBeGreaterThan(seconds)
  expect(refused).toBeGreaterThan(seconds)
  // The set-up has signed in too.
  const told = { odd, sessions: sessions - 1, counted }
  const lost = Math.abs(sessions - 1 - signedIn) + Math.abs(counted - refused)
  reported('three writers on one file, two servers', {
    counts: { seconds, 'written by others': wrote.join(' + '), signedIn, refused, 'p99, ms': p99 },
    violations: [
      ...odd.map((code) => `answered ${code}`),
      ...(lost > 0 ? [`${lost} lost`] : []),
      ...(p99 >= 1_000 ? [`p99 ${p99} ms`] : []),
    ],
  })
  expect(told).toEqual({ odd: [], sessions: signedIn, counted: refused })
  if (campaign) expect(p99).toBeLessThan(1_000)
})

test('FAULT-07: a server that begins to write without the lock is found out', {
  timeout: 90_000,
}, async () => {
  // One: of two the second might not even start.
  expect((await storm(1, 'begins without the lock')).odd.length).toBeGreaterThan(0)
})
