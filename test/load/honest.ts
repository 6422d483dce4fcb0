/**
 * Honest load, a process of its own: people with sessions who use them and renew them, and people who sign
 * in. Everybody has an address of their own, as through a proxy, and a device that is known.
 *
 * @module
 */
import { Agent } from 'node:http'
import { type Answered, ask, paced, type Told } from './paced.ts'

export interface Person {
  readonly username: string
  readonly address: string
  /** Cookies by name. */
  readonly jar: Record<string, string>
}

/** A second. */
export interface Rates {
  readonly check: number
  readonly refresh: number
  readonly signIn: number
}

/** Who they are; told once, for their cookies move on. */
export interface People {
  readonly port: number
  readonly origin: string
  readonly password: string
  /** Who has a session. */
  readonly holders: readonly Person[]
  /** Who signs in, and out again. */
  readonly signers: readonly Person[]
}

/** What they do now. */
export interface Spell {
  readonly rates: Rates
  readonly seconds: number
}

const agent = new Agent({ keepAlive: true })

function honest({ port, origin, password, holders, signers }: People) {
  const host = new URL(origin).host

  async function send(person: Person, method: string, path: string, json?: object) {
    const { jar, address } = person
    const cookie = Object.entries(jar).map((pair) => pair.join('='))
    const body = json && JSON.stringify(json)
    const headers = {
      host,
      cookie: cookie.join('; '),
      'x-forwarded-for': address,
      'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Firefox/140.0',
      ...(method === 'POST' && { origin, 'x-csrf-token': jar.csrf ?? '' }),
      ...(body && { 'content-type': 'application/json' }),
    }
    const got = await ask({ port, agent, method, path, headers, ...(body && { body }) })
    keep(jar, got)
    return got.status
  }

  /** Renewals of one session come one after the other, as a browser's do. */
  const renewing = new Set<Person>()
  let turn = 0
  async function refresh(): Promise<number> {
    let one = holders[turn++ % holders.length] as Person
    while (renewing.has(one)) one = holders[turn++ % holders.length] as Person
    renewing.add(one)
    const status = await send(one, 'POST', '/auth/refresh')
    renewing.delete(one)
    return status
  }
  async function signIn(n: number): Promise<number> {
    const one = signers[n % signers.length] as Person
    const { username } = one
    const status = await send(one, 'POST', '/auth/login', { username, password })
    if (status === 200) void send(one, 'POST', '/auth/logout')
    return status
  }
  const check = (n: number) => send(holders[n % holders.length] as Person, 'GET', '/auth/me')

  return async ({ rates, seconds }: Spell): Promise<Record<keyof Rates, Told>> => {
    const told = await Promise.all([
      paced(rates.check, seconds, check),
      paced(rates.refresh, seconds, refresh),
      paced(rates.signIn, seconds, signIn),
    ])
    return { check: told[0], refresh: told[1], signIn: told[2] }
  }
}

function keep(jar: Record<string, string>, { set }: Answered): void {
  for (const cookie of set) {
    const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(cookie) ?? []
    if (/; ?Max-Age=0(?:;|$)/i.test(cookie)) delete jar[name]
    else jar[name] = value
  }
}

let spell: ReturnType<typeof honest> | undefined
process.on('message', async (asked: People | Spell) => {
  if ('rates' in asked) process.send?.(await spell?.(asked))
  else spell = honest(asked)
})
