/**
 * Crowd: a server with people in it, some of whom are signed in, and the programs that put load on it.
 *
 * @module
 */
import { execFileSync, fork } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { password } from '../server/browser.ts'
import { type Fleet, fleet, type Place } from '../server/pair.ts'
import type { ServerProcess } from '../server/process.ts'
import type { People, Person, Rates, Spell } from './honest.ts'
import type { Harm, Hostile } from './hostile.ts'
import type { Told } from './paced.ts'

/** Limits as they are by default: everybody has an address of their own. */
const limits = {
  SALLYPORT_TRUST_PROXY: '127.0.0.1/32',
  SALLYPORT_LIMITS_FLOOR: '10000',
  SALLYPORT_LIMITS_ANONYMOUS: '60',
  SALLYPORT_LIMITS_SIGNED_IN: '6000',
  SALLYPORT_LIMITS_LOGIN: '30',
  SALLYPORT_LIMITS_REFRESH: '30',
}

export interface Crowd {
  readonly server: ServerProcess
  readonly query: Fleet['query']
  readonly signers: readonly Person[]
  /** Honest load; every session goes on where it was. */
  honest(rates: Rates, seconds: number): Promise<Record<keyof Rates, Told>>
  hostile(how: Omit<Hostile, 'port' | 'origin' | 'known'>): Promise<Harm>
  /** Of the server: MiB, and seconds of CPU so far. */
  costs(): { readonly rss: number; readonly cpu: number }
}

/** @param holders How many have a session; a third as many sign in. */
export async function crowd(
  place: Place,
  holders: number,
  more: Readonly<Record<string, string>> = {},
): Promise<Crowd> {
  const { nodes, tab, query } = await fleet(1, place, { ...limits, ...more })
  const [server] = nodes
  if (!server) throw new Error('no server')
  const { port, origin, pid } = server
  const ada = tab(0)
  if ((await ada.setUp(server.setupToken)).status !== 201) throw new Error('not claimed')

  const all: Person[] = []
  while (all.length < holders + Math.ceil(holders / 3)) all.push(await signedIn(all.length))

  /** Somebody with a session, on a device that is known by it. */
  async function signedIn(n: number): Promise<Person> {
    const username = `person${n}`
    await copied(query, username)
    const address = `10.1.${n >> 8}.${n % 256}`
    const { send, jar } = tab(0)
    const headers = { 'x-forwarded-for': address }
    const got = await send('POST', '/auth/login', { json: { username, password }, headers })
    if (got.status !== 200) throw new Error(`${username}: ${got.status} ${got.text}`)
    return { username, address, jar: Object.fromEntries(jar) }
  }

  const at = { port, origin }
  const signers = all.slice(holders)
  const known = signers.map(({ username }) => username)
  const [honest, hostile] = [follow('honest.ts'), follow('hostile.ts')]
  const people: People = { ...at, password, holders: all.slice(0, holders), signers }
  honest.tell(people)
  return {
    server,
    query,
    signers,
    honest: (rates, seconds) => honest.ask({ rates, seconds } satisfies Spell),
    hostile: (how) => hostile.ask({ ...at, ...how, known } satisfies Hostile),
    costs() {
      const [rss = 0, cpu = 0] = execFileSync('ps', ['-o', 'rss=,cputimes=', '-p', `${pid}`])
        .toString()
        .trim()
        .split(/\s+/)
        .map(Number)
      return { rss: rss / 1_024, cpu }
    },
  }
}

/** Somebody with Ada's password: to hash it for each would take longer than all the rest. */
async function copied(query: Fleet['query'], username: string): Promise<void> {
  const [ada = {}] = await query(`select * from users where username = 'ada'`)
  const own: Record<string, string> = {
    id: `'${randomBytes(16).toString('base64url')}'`,
    username: `'${username}'`,
    role: `'member'`,
  }
  const names = Object.keys(ada).map((name) => `"${name}"`)
  const values = Object.keys(ada).map((name) => own[name] ?? `"${name}"`)
  await query(
    `insert into users (${names.join(', ')}) select ${values.join(', ')} from users where username = 'ada'`,
  )
}

/** A program of this folder, gone when the test is over. */
function follow(file: string) {
  const child = fork(join(import.meta.dirname, file), { stdio: 'inherit' })
  onTestFinished(() => void child.kill())
  const ended = once(child, 'exit').then(([code]): never => {
    throw new Error(`${file} ended with ${code}`)
  })
  ended.catch(() => undefined)
  return {
    tell: (said: object) => void child.send(said),
    async ask<T>(asked: object): Promise<T> {
      const answer = once(child, 'message')
      child.send(asked)
      const [told] = await Promise.race([answer, ended])
      return told as T
    },
  }
}
