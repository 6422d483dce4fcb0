/**
 * Session checks of everybody in one contest: bare servers, what memory can reach, ours in each framework and
 * by itself, and the peers. The first of each group is its measure.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { freePort } from '../scripts/free-port.ts'
import { type Served, serveClaimed } from './claimed.ts'
import { type Contender, connections, contender, round, where } from './contest.ts'
import { median, shown, spread, table } from './figures.ts'
import type { Load } from './load.ts'
import { installPeers, peers, startPeer } from './peers.ts'
import { type Program, startProgram } from './program.ts'
import { type Bars, type Reached, ratios, reached, type Told } from './told.ts'

const frameworks = ['fastify', 'express', 'hono', 'node'] as const
const [server, asking] = [0, 1]
const path = '/api/v1/auth/me'

interface Entry extends Contender {
  readonly kind: 'ours' | 'peer' | 'limit'
  readonly looksUp?: boolean
}

/** A server with somebody signed in, and the programs beside it, ended when the work is done. */
async function beside<T>(work: (served: Served, folder: string, started: Program[]) => Promise<T>) {
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const started: Program[] = []
  try {
    // Longer than all of the rounds.
    const flags = ['--session-access-lifetime', '1h', '--trust-proxy', '127.0.0.1/32']
    const served = await serveClaimed(folder, { core: server, flags })
    started.push(served.program)
    return await work(served, folder, started)
  } finally {
    await Promise.all(started.map((one) => one.end()))
    rmSync(folder, { recursive: true, force: true })
  }
}

/** An application in a framework, bare or behind our guard. */
async function host(group: string, at: readonly string[], started: Program[]) {
  const port = await freePort()
  const program = startProgram('host-server.ts', [group, `${port}`, ...at], { core: server })
  started.push(program)
  await program.line(/^Listening/)
  return { program, url: `http://localhost:${port}/mine` }
}

/** @param rounds Of those that a goal compares; the peers have half as many. A round is a second. */
export async function benchChecks(rounds: number): Promise<Told> {
  installPeers()
  return beside(async (served, folder, started) => {
    const entries = await enter(served, folder, started)
    const load = startProgram('load.ts', [], { core: asking })
    started.push(load)
    await inTurns(load, entries, rounds)
    return told(entries)
  })
}

async function inTurns(load: Program, entries: readonly Entry[], rounds: number): Promise<void> {
  // A first look is one short round.
  const seconds = rounds > 1 ? 1 : 0.4
  for (const one of entries) await round(load, one, one.kind === 'peer' ? seconds : 2 * seconds)
  for (const one of entries) one.rates.length = one.costs.length = 0
  for (let n = 0; n < rounds; n++)
    for (const [at, one] of entries.entries()) {
      // Each of two that are compared goes first equally often.
      const pair = entries[at ^ 1]
      const now = pair && n % 2 === 1 && pair.group === one.group ? pair : one
      if (now.kind !== 'peer' || n < (rounds + 1) / 2) await round(load, now, seconds)
    }
}

async function enter(served: Served, folder: string, started: Program[]): Promise<Entry[]> {
  const { origin, cookie, program } = served
  const headers = { cookie }
  const entries: Entry[] = []
  const add = (
    name: string,
    kind: Entry['kind'],
    group: string,
    from: Program,
    asked: Omit<Load & { kind: 'get' }, 'kind' | 'connections' | 'seconds'>,
    looksUp?: boolean,
  ) => {
    const one = contender({ name, program: from, load: asked, group })
    entries.push({ ...one, kind, ...(looksUp === undefined ? {} : { looksUp }) })
  }

  const answer = await fetch(origin + path, { headers })
  const answered = Object.fromEntries(answer.headers)
  for (const own of ['date', 'connection', 'keep-alive']) delete answered[own]
  const env = { ANSWER: JSON.stringify({ headers: answered, body: await answer.text() }) }
  const port = await freePort()
  const same = startProgram('bare-server.ts', [`${port}`], { core: server, env })
  started.push(same)
  await same.line(/^Listening/)
  const sameUrl = `http://localhost:${port}${path}`
  add('bare `node:http`, same headers and body', 'limit', 'serve', same, { url: sameUrl, headers })
  add('`sallyport serve`, `/auth/me`', 'ours', 'serve', program, { url: origin + path, headers })

  for (const group of frameworks) {
    const bare = await host(group, [], started)
    const ours = await host(group, [origin, join(folder, 'data')], started)
    const name = group === 'node' ? '`node:http`' : group[0]?.toUpperCase() + group.slice(1)
    add(`bare ${name}`, 'limit', group, bare.program, { url: bare.url, headers })
    add(`**ours in ${name}**`, 'ours', group, ours.program, { url: ours.url, headers }, true)
  }

  const key = await keyOf(served)
  const verify = `${origin}/api/v1/auth/verify`
  // As a proxy asks.
  const forwarded = {
    'x-forwarded-method': 'GET',
    'x-forwarded-host': new URL(origin).host,
    'x-forwarded-proto': 'http',
    'x-forwarded-uri': '/orders',
  }
  const byKey = { ...forwarded, authorization: `Bearer ${key}` }
  const byCookie = { ...forwarded, cookie }
  add('`/auth/verify` by session', 'ours', 'key', program, { url: verify, headers: byCookie })
  add('`/auth/verify` by API key', 'ours', 'key', program, { url: verify, headers: byKey })

  for (const framework of ['node', 'fastify']) {
    const at = await freePort()
    const limit = startProgram('limits-server.ts', [framework, `${at}`], { core: server })
    started.push(limit)
    await limit.line(/^Listening/)
    const cookie = 'session=a session that is as long as those of others are'
    const asked = { url: `http://localhost:${at}/mine`, headers: { cookie } }
    add(
      `${framework === 'node' ? '`node:http`' : 'Fastify'}, SHA-256 and a map`,
      'limit',
      'limits',
      limit,
      asked,
    )
  }
  const theirs = await Promise.all(peers.map((peer) => startPeer(peer, folder, server)))
  started.push(...theirs.map((one) => one.program))
  for (const [at, peer] of peers.entries()) {
    const one = theirs[at]
    if (one) add(peer.name, 'peer', 'peers', one.program, one, peer.looksUp)
  }
  return entries
}

async function keyOf({ origin, cookie }: Served): Promise<string> {
  const answer = await fetch(`${origin}/api/v1/auth/api-keys`, {
    method: 'POST',
    headers: posting(origin, cookie),
    body: JSON.stringify({
      name: 'bench',
      scopes: [],
      expiresAt: new Date(Date.now() + 86_400_000),
    }),
  })
  const text = await answer.text()
  if (!answer.ok) throw new Error(`no key: ${answer.status} ${text}`)
  return (JSON.parse(text) as { secret: string }).secret
}

const posting = (origin: string, cookie: string) => ({
  cookie,
  origin,
  'x-csrf-token': /csrf=([^;]+)/.exec(cookie)?.[1] ?? '',
  'content-type': 'application/json',
})

function told(entries: readonly Entry[]): Told {
  const named = (name: string) => {
    const found = entries.find((one) => one.name === name)
    if (!found) throw new Error(`no ${name}`)
    return found
  }
  const fastify = named('bare Fastify')
  const rows = entries
    .toSorted((a, b) => median(b.rates) - median(a.rates))
    .map(({ name, rates, costs, looksUp }) => {
      const by = ratios(rates, fastify.rates)
      return [
        name,
        looksUp === undefined ? '' : looksUp ? 'yes' : 'no',
        shown(median(rates)),
        median(by).toFixed(by.length > 0 && median(by) < 0.1 ? 3 : 2),
        spread(by),
        shown(median(costs)),
      ]
    })
  const ofGroup = (goal: string, what: string, group: string, least: number): Reached => {
    const [bare, ours] = entries.filter((one) => one.group === group)
    const by = ratios(ours?.rates ?? [], bare?.rates ?? [])
    return reached({ goal, what, least, unit: '×' }, by, median(by))
  }
  const times = (goal: string, what: string, name: string, least: number): Reached => {
    const theirs = named(name).rates
    const by = ratios(named('**ours in Fastify**').rates.slice(0, theirs.length), theirs)
    return reached({ goal, what, least, unit: '×' }, by, median(by))
  }
  const cost = ratios(named('**ours in Fastify**').costs, fastify.costs)
  const me = named('`sallyport serve`, `/auth/me`')
  const bars: Bars = {
    name: 'session-checks',
    title: 'Session checks a second, one core',
    caption: 'green: Sallyport; purple: others; grey: no check at all, or a map in memory',
    unit: 'requests/s',
    bars: entries
      .filter(({ group }) => group !== 'key')
      .map(({ name, kind, rates }) => ({
        label: name.replaceAll('*', ''),
        value: median(rates),
        kind,
      })),
  }
  return {
    text: `Who is signed in, answered to ${connections} connections; ${fastify.rates.length} interleaved rounds of a second, the peers
${named('better-auth, handler').rates.length}; ${where}. *Looks up*: what was revoked is refused by the next request.

${table(['server', 'looks up', 'requests/s', '× bare Fastify', 'from–to', 'CPU µs'], rows)}`,
    goals: [
      ofGroup('G1', 'session check in Fastify × bare Fastify', 'fastify', 0.9),
      reached(
        { goal: 'G1', what: 'its CPU a request × bare', most: 1.1, unit: '×' },
        cost,
        median(cost),
      ),
      times('G2', 'session check in Fastify × better-auth’s handler', 'better-auth, handler', 45),
      times(
        'G2',
        'the same × its API with cookie cache',
        'better-auth, API in Fastify, cookie cache',
        20,
      ),
      ofGroup('G3', '`/auth/me` of the server × bare `node:http`', 'serve', 0.6),
      ofGroup('G4', 'session check in Express × bare Express', 'express', 0.9),
      ofGroup('G4', 'session check in Hono × bare Hono', 'hono', 0.75),
      ofGroup('G5', 'API-key check × session check', 'key', 0.95),
    ],
    charts: [bars],
    values: { checkCpu: median(me.costs), checksPerSecond: median(me.rates) },
  }
}

/** A route of a host's own by POST with a body, guarded and bare. @param rounds Of a second. */
export async function benchPosts(rounds: number): Promise<Told> {
  return beside(async ({ origin, cookie }, folder, started) => {
    const entries: Entry[] = []
    const asked = { headers: posting(origin, cookie), body: '{"order":7}' }
    for (const group of frameworks)
      for (const ours of [false, true]) {
        const at = ours ? [origin, join(folder, 'data')] : []
        const { program, url } = await host(group, at, started)
        const name = `${group}, ${ours ? 'guarded' : 'bare'}`
        const kind = ours ? ('ours' as const) : ('limit' as const)
        entries.push({ ...contender({ name, group, program, load: { url, ...asked } }), kind })
      }
    const load = startProgram('load.ts', [], { core: asking })
    started.push(load)
    await inTurns(load, entries, rounds)
    const goals: Reached[] = []
    const rows = frameworks.map((group) => {
      const [bare, ours] = entries.filter((one) => one.group === group)
      const by = ratios(ours?.rates ?? [], bare?.rates ?? [])
      const what = `POST with its CSRF token in ${group} × bare`
      goals.push(reached({ goal: 'G12', what, least: 0.85, unit: '×' }, by, median(by)))
      const of = (one: Entry | undefined) => shown(median(one?.rates ?? []))
      return [group, of(bare), of(ours), median(by).toFixed(2), spread(by)]
    })
    return {
      text: `A route of a host's own by \`POST\` with a body and the CSRF token, ${rounds} interleaved rounds of a
second, ${where}.

${table(['framework', 'bare, requests/s', 'guarded', '× bare', 'from–to'], rows)}`,
      goals,
    }
  })
}
