/**
 * Overview: how things stand, in figures. Each is counted only so far, because nothing that people
 * look at may hold up what lets them in.
 *
 * @module
 */
import type { NodeSeen, Tally } from '../figure-ports.ts'
import type { Store, World } from '../ports.ts'
import type { AuditType } from '../rules/audit.ts'
import { hour, type Instant, minute } from '../rules/time.ts'

export interface Overview {
  readonly sessions: Tally
  readonly people: Tally
  readonly resting: Tally
  /** The last 24, the present one last. */
  readonly hours: readonly Hour[]
  readonly nodes: readonly NodeSeen[]
}

/** What happened in the hour that began then; with `more` at least so often. */
export interface Hour {
  readonly from: Instant
  readonly signedIn: number
  readonly refused: number
  readonly more: boolean
}

/** Names at rest are counted so far. */
const mostNames = 1_000

export async function overview({ store, clock, policy }: World): Promise<Overview> {
  const { consecutive } = policy.lockout
  // One after the other, so that others have their turn in between.
  const sessions = await store.figures.sessions()
  const persons = await store.figures.people()
  const names = await store.resting({ limit: mostNames, consecutive })
  return {
    sessions,
    people: persons,
    resting: { count: names.length, more: names.length === mostNames },
    hours: await lastDay(store, clock.now()),
    nodes: await store.figures.nodes(),
  }
}

/** Hours that are over, as they were counted: nothing is added to them any more. */
const over = new WeakMap<Store, Map<Instant, Hour>>()
/** A record is dated when its step begins, and there to be read a little later. */
const settledAfter = minute

async function lastDay(store: Store, now: Instant): Promise<Hour[]> {
  const known = over.get(store) ?? new Map<Instant, Hour>()
  over.set(store, known)
  const present = now - (now % hour)
  const hours: Hour[] = []
  for (let from = present - 23 * hour; from <= present; from += hour) {
    const told = known.get(from) ?? (await countedIn(store, from))
    if (now >= from + hour + settledAfter) known.set(from, told)
    hours.push(told)
  }
  for (const from of known.keys()) if (from < present - 23 * hour) known.delete(from)
  return hours
}

async function countedIn(store: Store, from: Instant): Promise<Hour> {
  const { times, more } = await store.figures.recorded(from, from + hour)
  const often = (type: AuditType) => times.get(type) ?? 0
  // The one that fills a bucket is refused as well.
  const refused = often('auth.refused') + often('auth.locked')
  return { from, signedIn: often('auth.signed_in'), refused, more }
}
