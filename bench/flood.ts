/**
 * A sign-in flood beside session checks: what those who are signed in notice of it, and what they cost it.
 *
 * @module
 */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { serveClaimed } from './claimed.ts'
import { median, shown, table } from './figures.ts'
import type { Asked, Guessed, Paced } from './flood-load.ts'
import { betterAuth, installPeers, startPeer } from './peers.ts'
import { type Program, startProgram } from './program.ts'
import { ratios, reached, type Told } from './told.ts'

const [guessing, offered] = [64, 200]

interface Target {
  readonly name: string
  readonly check: Pick<Asked, 'url' | 'headers'>
  readonly guess: Pick<Asked, 'url' | 'headers' | 'body'>
}

interface Round {
  readonly idle: Paced
  readonly alone: Guessed
  readonly flood: Guessed
  readonly beside: Paced
}

/** @param rounds Of each server; `seconds` for each of three states. */
export async function benchFlood(rounds: number, seconds: number): Promise<Told> {
  installPeers()
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-bench-'))
  const loads = [startProgram('flood-load.ts'), startProgram('flood-load.ts')] as const
  const started: Program[] = [...loads]
  try {
    const flags = ['--trust-proxy', '127.0.0.1/32', '--session-access-lifetime', '1h']
    const { program, origin, cookie } = await serveClaimed(folder, { flags })
    started.push(program)
    const json = { 'Content-Type': 'application/json', Origin: origin }
    const password = 'not the password of anybody'
    const ours: Target = {
      name: 'Sallyport',
      check: { url: `${origin}/api/v1/auth/me`, headers: { cookie } },
      guess: {
        url: `${origin}/api/v1/auth/login`,
        headers: json,
        body: JSON.stringify({ username: 'NAME', password }),
      },
    }
    const peer = await startPeer(betterAuth, folder)
    started.push(peer.program)
    const theirs: Target = {
      name: 'better-auth',
      check: { url: peer.url, headers: peer.headers },
      guess: {
        url: `${peer.origin}/api/auth/sign-in/email`,
        headers: { ...json, Origin: peer.origin },
        body: JSON.stringify({ email: 'NAME@app.example.test', password }),
      },
    }
    const our: Round[] = []
    const their: Round[] = []
    for (let n = 0; n < rounds; n++) {
      our.push(await oneRound(ours, loads, seconds))
      // Once will do: it is not held to anything here.
      if (n === 0) their.push(await oneRound(theirs, loads, seconds))
    }
    return told(our, their, seconds)
  } finally {
    await Promise.all(started.map((one) => one.end()))
    rmSync(folder, { recursive: true, force: true })
  }
}

async function oneRound(
  { check, guess }: Target,
  [one, other]: readonly [Program, Program],
  seconds: number,
): Promise<Round> {
  const guesses = { kind: 'guesses', ...guess, many: guessing }
  const paced = { kind: 'paced', ...check, many: offered }
  await one.ask<Guessed>({ ...guesses, seconds: 0.2 })
  const idle = await other.ask<Paced>({ ...paced, seconds })
  const alone = await one.ask<Guessed>({ ...guesses, seconds })
  const [flood, beside] = await Promise.all([
    one.ask<Guessed>({ ...guesses, seconds: seconds + 0.5 }),
    other.ask<Paced>({ ...paced, seconds }),
  ])
  return { idle, alone, flood, beside }
}

function told(our: readonly Round[], their: readonly Round[], seconds: number): Told {
  const row = (name: string, all: readonly Round[]) => {
    const of = (value: (one: Round) => number) => shown(median(all.map(value)))
    return [
      name,
      of(({ alone }) => alone.rate),
      of(({ flood }) => flood.rate),
      `${of(({ idle }) => idle.p50)} / ${of(({ idle }) => idle.p99)}`,
      `${of(({ beside }) => beside.p50)} / ${of(({ beside }) => beside.p99)}`,
      `${of(({ beside }) => (100 * beside.answered) / beside.offered)} %`,
    ]
  }
  const head = ['server', 'guesses/s alone', 'beside checks', 'idle: p50 / p99, ms']
  const p99 = our.map(({ beside }) => beside.p99)
  const most = Math.max(10, 3 * median(our.map(({ idle }) => idle.p99)))
  const share = our.map(({ beside }) => (100 * beside.answered) / beside.offered)
  const kept = ratios(
    our.map(({ flood }) => flood.rate),
    our.map(({ alone }) => alone.rate),
  )
  return {
    text: `${guessing} connections guess, each guess at a name of its own from an address of its own, limits off; beside it
${offered} session checks a second are offered, each timed from when it was due. ${our.length} rounds of ${seconds} s a state (better-auth
one), both cores, the load on them too.

${table([...head, 'in the flood: p50 / p99, ms', 'answered'], [row('Sallyport', our), row('better-auth', their)])}`,
    goals: [
      reached(
        { goal: 'G7', what: 'p99 of a check in a sign-in flood', most, unit: 'ms' },
        p99,
        median(p99),
      ),
      reached({ goal: 'G7', what: 'checks answered', least: 98, unit: '%' }, share, median(share)),
      reached(
        { goal: 'G7', what: 'guesses beside checks × alone', least: 0.8, unit: '×' },
        kept,
        median(kept),
      ),
    ],
    charts: [
      {
        name: 'flood',
        title: 'A session check while others guess passwords: p99, ms',
        caption: `${guessing} connections guessing, ${offered} checks a second offered; shorter is better`,
        unit: 'ms',
        bars: [
          {
            label: 'Sallyport, no flood',
            value: median(our.map(({ idle }) => idle.p99)),
            kind: 'limit',
          },
          { label: 'Sallyport, in the flood', value: median(p99), kind: 'ours' },
          {
            label: 'better-auth, no flood',
            value: median(their.map(({ idle }) => idle.p99)),
            kind: 'limit',
          },
          {
            label: 'better-auth, in the flood',
            value: median(their.map(({ beside }) => beside.p99)),
            kind: 'peer',
          },
        ],
      },
    ],
  }
}
