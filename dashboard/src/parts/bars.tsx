/**
 * What happened hour by hour, as bars: a picture with a sentence for those who listen, and the same
 * figures as a table for whoever wants them exactly.
 */

import { texts } from '../texts.ts'
import classes from './bars.module.css'
import { Section } from './section.tsx'

const words = texts.overview
interface Hour {
  readonly from: string
  readonly count: number
  /** At least so many. */
  readonly more: boolean
}

export interface BarsProps {
  readonly title: string
  readonly tone?: 'bad'
  readonly hours: readonly Hour[]
}

const hourOf = new Intl.DateTimeFormat(texts.locale, { hour: '2-digit', minute: '2-digit' })
const number = new Intl.NumberFormat(texts.locale)

const shown = ({ count, more }: Omit<Hour, 'from'>) =>
  more ? words.andMore(number.format(count)) : number.format(count)

export function Bars({ title, tone, hours }: BarsProps) {
  const sum = hours.reduce((all, { count }) => all + count, 0)
  const more = hours.some((hour) => hour.more)
  const inAll = words.inAll(shown({ count: sum, more }))
  const top = scaleFor(Math.max(...hours.map(({ count }) => count)))

  return (
    <Section title={title} lead={inAll}>
      <div className={classes.chart} data-tone={tone} role="img" aria-label={`${title}: ${inAll}`}>
        <div className={classes.scale} aria-hidden="true">
          <span>{number.format(top)}</span>
          <span>{number.format(top / 2)}</span>
          <span>0</span>
        </div>
        <div className={classes.bars}>
          {hours.map((hour, at) => (
            <div
              key={hour.from}
              className={classes.hour}
              title={`${hourText(hour.from)}: ${shown(hour)}`}
            >
              <div className={classes.bar} style={{ height: `${(100 * hour.count) / top}%` }} />
              {at % 4 === 3 && <span className={classes.when}>{hourText(hour.from)}</span>}
            </div>
          ))}
        </div>
      </div>
      <details className={classes.exact}>
        <summary>{words.asTable}</summary>
        <table>
          <thead>
            <tr>
              <th scope="col">{words.hour}</th>
              <th scope="col">{title}</th>
            </tr>
          </thead>
          <tbody>
            {hours.toReversed().map((hour) => (
              <tr key={hour.from}>
                <th scope="row">{hourText(hour.from)}</th>
                <td>{shown(hour)}</td>
              </tr>
            ))}
          </tbody>
        </table>
        {more && <p>{words.most}</p>}
      </details>
    </Section>
  )
}

const hourText = (from: string) => hourOf.format(new Date(from))

/** The next of 2, 4, 10, 20, 40, 100 … that is not below. */
function scaleFor(highest: number): number {
  for (let step = 1; ; step *= 10)
    for (const top of [2, 4, 10]) if (top * step >= highest) return top * step
}
