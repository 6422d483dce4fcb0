/**
 * How things stand, in numbers that lead to their lists.
 */

import { type UseQueryResult, useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { getOverview, type Overview as Seen, type Tally } from 'sallyport/admin'
import { useClient } from 'sallyport/react'
import type { Place } from '../places.ts'
import { useSessionKey } from '../queries.ts'
import { texts } from '../texts.ts'
import classes from './overview.module.css'

const words = texts.overview
const everyMinute = 60_000

/** What the server counts. Nobody asks for it twice where it is shown twice. */
export function useOverview(): UseQueryResult<Seen> {
  const client = useClient()
  return useQuery({
    queryKey: [...useSessionKey(), 'overview'],
    queryFn: ({ signal }) => getOverview(client, { signal, passive: true }),
    refetchInterval: everyMinute,
  })
}

export function Figures({ seen }: { seen: Seen | undefined }) {
  return (
    <section aria-label={words.glance} className={classes.figures}>
      <Figure place="/sessions" tally={seen?.sessions} name={words.liveSessions} />
      <Figure place="/users" tally={seen?.people} name={words.people} />
      <Figure place="/lockouts" tally={seen?.resting} name={words.restingNames} rings />
    </section>
  )
}

interface FigureProps {
  readonly place: Place
  readonly tally: Tally | undefined
  readonly name: (count: number) => string
  /** Whether more than none is worth a look. */
  readonly rings?: true
}

function Figure({ place, tally, name, rings }: FigureProps) {
  const count = tally?.count ?? 0
  const shown = tally?.more ? words.andMore(String(count)) : String(count)
  return (
    <Link to={place} className={classes.figure} data-rings={rings && count > 0}>
      <span className={classes.count}>{tally ? shown : '–'}</span>
      <span>{name(count)}</span>
    </Link>
  )
}
