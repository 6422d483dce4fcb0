/**
 * Presence: who is connected, over all nodes. Each node writes how many connections each person has to
 * it; what a node that is gone had written counts no more.
 *
 * @module
 */

import { writePresence } from '../flows/presence.ts'
import type { World } from '../ports.ts'
import { type Millis, second } from '../rules/time.ts'

export interface Online {
  readonly userId: string
  readonly connections: number
}

export interface Presence {
  /** Somebody has connected to this node. @returns To be called once, when that is over. */
  enter(userId: string): () => void
  /** Who is connected anywhere. */
  online(): Promise<readonly Online[]>
  /** Tells who is there, and from then on whose count has changed. @returns Stops it. */
  listen(told: (change: Online) => void): () => void
  close(): Promise<void>
}

/** People whose counts are written in one step. */
const atOnce = 50
/** Changes are gathered for so long before they are written. */
const gather: Millis = 100
/** How often others are looked at while somebody listens. */
const every: Millis = second / 2
/** All of this node's are written again so often: somebody may have taken it for gone. */
const again: Millis = 20 * second

export function presenceOf(world: World): Presence {
  const { store } = world
  const here = new Map<string, number>()
  const dirty = new Set<string>()
  const listeners = new Set<(change: Online) => void>()
  let writing: Promise<void> | undefined
  let known = new Map<string, number>()
  let looking: NodeJS.Timeout | undefined
  let closed = false

  const repeating = setInterval(() => {
    for (const userId of here.keys()) dirty.add(userId)
    write()
  }, again).unref()

  function write(): void {
    if (writing || dirty.size === 0) return
    writing = new Promise<void>((resolve) => setTimeout(resolve, gather).unref())
      .then(writeSome)
      .finally(() => {
        writing = undefined
        if (!closed) write()
      })
  }

  async function writeSome(): Promise<void> {
    const users = [...dirty].slice(0, atOnce)
    for (const userId of users) dirty.delete(userId)
    const counts = users.map((userId) => ({ userId, connections: here.get(userId) ?? 0 }))
    await writePresence(world, counts).catch(() => {
      for (const userId of users) dirty.add(userId)
    })
  }

  function count(userId: string, by: number): void {
    const next = (here.get(userId) ?? 0) + by
    if (next > 0) here.set(userId, next)
    else here.delete(userId)
    dirty.add(userId)
    write()
  }

  async function look(): Promise<void> {
    const now = new Map((await store.online()).map((one) => [one.userId, one.connections]))
    const changed = [...new Set([...known.keys(), ...now.keys()])].filter(
      (userId) => known.get(userId) !== now.get(userId),
    )
    known = now
    for (const userId of changed)
      for (const told of listeners) told({ userId, connections: now.get(userId) ?? 0 })
  }

  function next(): void {
    looking = setTimeout(() => {
      look()
        .catch(() => undefined)
        .finally(() => listeners.size > 0 && next())
    }, every).unref()
  }

  return {
    enter(userId) {
      count(userId, 1)
      return () => count(userId, -1)
    },
    online: () => store.online(),
    listen(told) {
      listeners.add(told)
      if (listeners.size === 1) {
        known = new Map()
        next()
      }
      return () => {
        listeners.delete(told)
        if (listeners.size === 0) clearTimeout(looking)
      }
    },
    async close() {
      closed = true
      clearInterval(repeating)
      clearTimeout(looking)
      listeners.clear()
      await writing
      for (const userId of here.keys()) dirty.add(userId)
      here.clear()
      for (let left = dirty.size + 1; dirty.size > 0 && dirty.size < left; ) {
        left = dirty.size
        await writeSome()
      }
    },
  }
}
