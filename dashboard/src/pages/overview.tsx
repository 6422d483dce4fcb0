/**
 * How things stand with everybody: figures, what happened in the last day, the servers.
 */

import type { Overview as Seen } from 'sallyport/admin'
import { later } from '../parts/later.tsx'
import { Figures, useOverview } from '../parts/overview.tsx'
import { PageHead } from '../parts/page.tsx'
import { Servers } from '../parts/servers.tsx'
import { Failed } from '../parts/trouble.tsx'
import { texts } from '../texts.ts'
import classes from './overview.module.css'

const words = texts.overview

const Bars = later(() => import('../parts/bars.tsx').then(({ Bars }) => Bars), 290)

export function Overview() {
  const { data, error, failureReason, refetch } = useOverview()
  const failed = error ?? failureReason

  return (
    <>
      <PageHead title={words.title} lead={words.lead} />
      {failed && <Failed error={failed} again={refetch} />}
      <Figures seen={data} />
      {data && (
        <div className={classes.charts}>
          <Bars title={words.signedIn} hours={of(data, 'signedIn')} />
          <Bars title={words.refused} tone="bad" hours={of(data, 'refused')} />
        </div>
      )}
      {data && <Servers nodes={data.nodes} />}
    </>
  )
}

const of = ({ hours }: Seen, what: 'signedIn' | 'refused') =>
  hours.map(({ from, more, ...hour }) => ({ from, count: hour[what], more }))
