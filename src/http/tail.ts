/**
 * Tail: what is recorded, on whatever node, as it is recorded. Nothing is decided by it; it is looked
 * at a few times a second, and only while somebody listens.
 *
 * @module
 */
import type { World } from '../ports.ts'
import type { AuditRow } from '../rules/audit.ts'
import { type Instant, type Millis, second } from '../rules/time.ts'

export interface Tail {
  /** Tells each record once, in order, from now on. @returns Stops it. */
  listen(told: (row: AuditRow) => void): () => void
  close(): void
}

const every: Millis = 300
/** A record is dated when its step begins, and there to be read once that is committed. */
const latest: Millis = 15 * second
/** Most looks find little that is new. */
const firstPage = 20
const page = 200
/** More records than these between two looks are not all told. */
const mostPages = 10

const all = { list: 'audit', since: 'at' } as const

export function tailOf({ store, clock }: Pick<World, 'store' | 'clock'>): Tail {
  const listeners = new Set<(row: AuditRow) => void>()
  /** What was told, or was there before anybody listened. */
  let seen = new Map<string, Instant>()
  let ready: Promise<void> | undefined
  let timer: NodeJS.Timeout | undefined

  /** @param until With it, what was recorded before then is taken for told. */
  async function fresh(until?: Instant): Promise<AuditRow[]> {
    const since = clock.now() - latest
    const found: AuditRow[] = []
    for (let pages = 0; pages < mostPages; pages++) {
      const last = found.at(-1)
      const after = last && { createdAt: last.at, id: last.id }
      const limit = pages === 0 ? firstPage : page
      const rows = await store.page(all, { after, limit })
      found.push(...rows)
      if (rows.length < limit || (rows.at(-1)?.at ?? 0) < since) break
    }
    const recent = found.filter(({ at }) => at >= since)
    const news = recent.filter(({ id }) => !seen.has(id))
    const told = until === undefined ? recent : recent.filter(({ at }) => at < until)
    seen = new Map(told.map(({ id, at }) => [id, at]))
    return news.sort((a, b) => a.at - b.at || (a.chain < b.chain ? -1 : 1) || a.seq - b.seq)
  }

  async function look(): Promise<void> {
    await ready
    for (const row of await fresh()) for (const told of listeners) told(row)
  }

  function next(): void {
    timer = setTimeout(() => {
      // What could not be read is read the next time.
      look()
        .catch(() => undefined)
        .finally(() => listeners.size > 0 && next())
    }, every).unref()
  }

  return {
    listen(told) {
      if (listeners.size === 0) {
        ready = fresh(clock.now())
          .then(() => undefined)
          .catch(() => undefined)
        clearTimeout(timer)
        next()
      }
      listeners.add(told)
      return () => {
        listeners.delete(told)
        if (listeners.size === 0) clearTimeout(timer)
      }
    },
    close() {
      listeners.clear()
      clearTimeout(timer)
    },
  }
}
