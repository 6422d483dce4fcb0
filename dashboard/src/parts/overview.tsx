/**
 * How things stand, in numbers that lead to their lists; each only for who may see the list.
 */

import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import type { ListAsk } from 'sallyport/account'
import { listLockouts, listSessions, listUsers } from 'sallyport/admin'
import type { Client, Page, Signed } from 'sallyport/client'
import { useClient } from 'sallyport/react'
import { type Place, rulesOf } from '../places.ts'
import { useSessionKey } from '../queries.ts'
import { texts } from '../texts.ts'
import classes from './overview.module.css'

interface Figure {
  readonly place: Place
  readonly name: (count: number) => string
  readonly list: (client: Client, ask: ListAsk) => Promise<Page<unknown>>
  /** Whether more than none is worth a look. */
  readonly rings?: true
}

const figures: readonly Figure[] = [
  { place: '/sessions', name: texts.home.liveSessions, list: listSessions },
  { place: '/users', name: texts.home.people, list: listUsers },
  { place: '/lockouts', name: texts.home.restingNames, list: listLockouts, rings: true },
]

/** The longest page of a list: what is beyond is not counted. */
const most = 200
const everyMinute = 60_000

export function Overview({ permissions }: Pick<Signed, 'permissions'>) {
  const allowed = figures.filter(({ place }) => {
    const { needs } = rulesOf(place)
    return needs === undefined || permissions.includes(needs)
  })
  if (allowed.length === 0) return null

  return (
    <section aria-label={texts.home.overview} className={classes.figures}>
      {allowed.map((figure) => (
        <Count key={figure.place} {...figure} />
      ))}
    </section>
  )
}

function Count({ place, name, list, rings }: Figure) {
  const client = useClient()
  const { data } = useQuery({
    queryKey: [...useSessionKey(), 'count', place],
    queryFn: ({ signal }) => list(client, { limit: most, signal, passive: true }),
    refetchInterval: everyMinute,
  })
  const count = data?.items.length ?? 0
  const shown = data?.nextCursor ? texts.home.andMore(count) : String(count)

  return (
    <Link to={place} className={classes.figure} data-rings={rings && count > 0}>
      <span className={classes.count}>{data ? shown : '–'}</span>
      <span>{name(count)}</span>
    </Link>
  )
}
