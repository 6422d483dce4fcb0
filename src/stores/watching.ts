/**
 * Watching: who wants to know when something is revoked while it is in use, a socket or a stream.
 *
 * @module
 */
import type { Heard } from '../ports.ts'
import type { Subject } from '../rules/trust.ts'

export function watching() {
  const watchers = new Map<Subject, Set<(heard: Heard) => void>>()
  const tellTo = (told: Iterable<(heard: Heard) => void>, heard: Heard) => {
    // Once each, however many of its subjects are meant; and it may stop watching while it is told.
    for (const tell of new Set(told)) tell(heard)
  }
  return {
    /** @returns Stops it. */
    watch(subjects: readonly Subject[], told: (heard: Heard) => void): () => void {
      for (const subject of subjects) {
        const known = watchers.get(subject) ?? new Set()
        watchers.set(subject, known.add(told))
      }
      return () => {
        for (const subject of subjects) {
          const known = watchers.get(subject)
          known?.delete(told)
          if (known?.size === 0) watchers.delete(subject)
        }
      }
    },
    tell(subjects: readonly Subject[]): void {
      if (watchers.size === 0) return
      tellTo(
        subjects.flatMap((subject) => [...(watchers.get(subject) ?? [])]),
        'changed',
      )
    },
    tellAll(heard: Heard): void {
      tellTo(
        [...watchers.values()].flatMap((known) => [...known]),
        heard,
      )
    },
  }
}
