/**
 * Whole seconds until an instant, counted down on the page.
 */

import { useEffect, useState } from 'react'

/** @param until Epoch milliseconds. Renders once a second until then; 0 when over or not given. */
export function useSecondsUntil(until: number | undefined): number {
  const [now, setNow] = useState(Date.now)

  useEffect(() => {
    if (until === undefined) return
    setNow(Date.now())
    const timer = setInterval(() => {
      setNow(Date.now())
      if (Date.now() >= until) clearInterval(timer)
    }, 1000)
    return () => clearInterval(timer)
  }, [until])

  return until === undefined ? 0 : Math.max(0, Math.ceil((until - now) / 1000))
}
