/**
 * Authenticate by key: an `Authorization` header to the program behind it, as `authenticate.ts` does
 * for cookies. The row and its owner decide, each time.
 *
 * @module
 */
import { apiKey, type World } from '../ports.ts'
import {
  keyStanding,
  type Presented,
  type Proof,
  proofOf,
  readKey,
  usedKey,
} from '../rules/api-key.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { keep } from '../rules/step.ts'
import { behind } from './acquaint.ts'
import type { KeyCaller, Soon } from './authenticate.ts'

/** A refusal of a key; `presented` when it was well formed, with its owner where there is one. */
export type KeyRefusal = Refusal & {
  readonly presented?: Presented
  readonly owner?: string | undefined
}

/** A key that let somebody in, and what it was. */
export type KeyHolder = KeyCaller & { readonly presented: Presented; readonly proof: Proof }

const scheme = 'Bearer '

/** What reads a header has in it: `Bearer`, one space, a key. */
function presentedIn(header: string): Presented | Refusal {
  // Several headers arrive as one, with commas between; which of them counts is nobody's guess.
  if (header.includes(','))
    return refuse('malformed_request', { why: 'more than one authorization' })
  const text = header.startsWith(scheme) ? header.slice(scheme.length) : ''
  return readKey(text) ?? refuse('not_authenticated', { why: 'no key' })
}

/**
 * The caller behind an `Authorization` header, at once where this node remembers who it is.
 *
 * @returns `malformed_request` for several; `not_authenticated` for anything that is not a key which
 *   stands; `unavailable` where this node cannot tell.
 */
export function authenticateKey(world: World, header: string): Soon<KeyHolder | KeyRefusal> {
  const presented = presentedIn(header)
  if ('ok' in presented) return presented
  const known = remembered(world, presented)
  world.standing.count(known ? 'remembered' : 'read')
  return known ?? read(world, presented)
}

/** As with sessions, memory lets in and refuses nobody. */
function remembered({ standing, keys, clock }: World, presented: Presented): KeyHolder | undefined {
  const recall = standing.recall()
  const key = recall?.('keys', presented.id)
  const user = key && recall?.('users', key.userId)
  if (!key || !user) return undefined
  const now = clock.now()
  if (keyStanding(key, user, now)) return undefined
  const proof = proofOf(keys, key, presented, now)
  return proof.ok ? { ok: true, user, key, presented, proof: proof.proof } : undefined
}

async function read(world: World, presented: Presented): Promise<KeyHolder | KeyRefusal> {
  const { standing, keys, clock } = world
  const key = await standing.find('keys', presented.id)
  const user = key && (await standing.find('users', key.userId))
  const now = clock.now()
  const over = keyStanding(key, user, now)
  if (over || !key || !user)
    return { ...(over ?? refuse('not_authenticated')), presented, owner: user?.id }
  const proof = proofOf(keys, key, presented, now)
  if (proof.ok) return { ok: true, user, key, presented, proof: proof.proof }
  const late = proof.code === 'unavailable' ? await behind(world, keys) : undefined
  const no = late ?? refuse('not_authenticated', { why: proof.why ?? 'secret' })
  return { ...no, presented, owner: user.id }
}

/** Notes that a key was used, at most once a minute. A key that was revoked meanwhile stays so. */
export function noteUse(world: World, { key, presented, proof }: KeyHolder): Soon<void> {
  const { keys } = world
  if (!usedKey(keys, key, presented, proof, world.clock.now())) return undefined
  // It may have been rotated meanwhile.
  const used = (row: typeof key, now: number) => {
    const proof = proofOf(keys, row, presented, now)
    return proof.ok ? usedKey(keys, row, presented, proof.proof, now) : undefined
  }
  // What another node has noted already is read the next time.
  world.standing.forget('keys', key.id)
  return world.store.step({ row: apiKey(key.id) }, ({ row }, now) => {
    const next = row && used(row, now)
    return next ? { verdict: undefined, keep: [keep('keys', next)] } : { verdict: undefined }
  })
}
