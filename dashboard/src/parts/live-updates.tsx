/**
 * What happens elsewhere, shown here: every event has what is on the page loaded again, at most once
 * in a while. Draws nothing.
 */

import { useDocumentVisibility } from '@mantine/hooks'
import { useQueryClient } from '@tanstack/react-query'
import { useCallback, useEffect, useRef } from 'react'
import { useEvents } from 'sallyport/react'
import { useSessionKey } from '../queries.ts'

/**
 * Only while somebody looks: a browser keeps few connections to one place, and each stream of a tab
 * in the background would take one from all others.
 */
export function LiveUpdates() {
  return useDocumentVisibility() === 'visible' ? <Listening /> : null
}

/** Milliseconds: on a busy server everything happens all the time. */
const rest = 1_000

function Listening() {
  const queries = useQueryClient()
  const session = useSessionKey()
  const due = useRef<ReturnType<typeof setTimeout>>(undefined)
  const key = session.join()

  // biome-ignore lint/correctness/useExhaustiveDependencies: by what the key says.
  const loadAgain = useCallback(() => {
    due.current ??= setTimeout(() => {
      due.current = undefined
      void queries.invalidateQueries({ queryKey: session, predicate: ({ meta }) => !meta?.steady })
    }, rest)
  }, [queries, key])

  useEffect(
    () => () => {
      clearTimeout(due.current)
      due.current = undefined
    },
    [],
  )
  useEvents(loadAgain)
  return null
}
