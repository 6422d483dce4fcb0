/**
 * Floods, as a node counts them: what is beyond the rate is held in memory until the next record of it
 * is written.
 *
 * @module
 */
import type { AuditEvent, AuditType } from '../rules/audit.ts'
import { type Flood, flooded, mayFlood, oneByOne, toldApart } from '../rules/audit-flood.ts'
import { type Counter, count } from '../rules/rate.ts'
import type { Instant } from '../rules/time.ts'

export interface Floods {
  /**
   * Tells what is to be written from what is only counted.
   *
   * @returns `done` is to be called once it is written.
   */
  split(
    record: readonly AuditEvent[],
    now: Instant,
  ): { readonly written: readonly AuditEvent[]; done(): void }
  /** Takes what was counted since it was last taken. */
  take(): readonly Flood[]
  /** Puts back what could not be written. */
  putBack(floods: readonly Flood[]): void
}

export function floodsOf(): Floods {
  const rates = new Map<AuditType, Counter>()
  let held = new Map<string, Flood>()

  function hold(said: AuditEvent, now: Instant): void {
    const { type, reason } = said
    const key = JSON.stringify([type, reason, said.subject])
    // Names without end must not fill the memory.
    const apart = held.has(key) || held.size < toldApart
    const subject = apart ? said.subject : null
    const kept = apart ? key : JSON.stringify([type, reason, null])
    held.set(kept, flooded(held.get(kept), said, subject, now))
  }

  return {
    split(record, now) {
      const counted = record.filter(
        (said) => mayFlood(said) && !count(rates.get(said.type), oneByOne, now).ok,
      )
      return {
        written: counted.length === 0 ? record : record.filter((said) => !counted.includes(said)),
        done() {
          for (const said of record)
            if (mayFlood(said))
              rates.set(said.type, count(rates.get(said.type), oneByOne, now).counter)
          for (const said of counted) hold(said, now)
        },
      }
    },
    take() {
      const taken = [...held.values()]
      held = new Map()
      return taken
    },
    putBack(floods) {
      for (const flood of floods) {
        const key = JSON.stringify([flood.type, flood.reason, flood.subject])
        const since = held.get(key)
        held.set(key, since ? { ...flood, count: flood.count + since.count } : flood)
      }
    },
  }
}
