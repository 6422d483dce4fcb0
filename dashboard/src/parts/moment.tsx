/**
 * An instant of the server as a person reads it: in his own zone, short, exact on hovering.
 */

import { texts } from '../texts.ts'

const day = new Intl.DateTimeFormat(texts.locale, { dateStyle: 'medium' })
const time = new Intl.DateTimeFormat(texts.locale, { timeStyle: 'short' })
const exact = new Intl.DateTimeFormat(texts.locale, { dateStyle: 'full', timeStyle: 'long' })

/** @param at ISO 8601. */
export function momentText(at: string, now = new Date()): string {
  const moment = new Date(at)
  const hour = time.format(moment)
  if (day.format(moment) === day.format(now)) return texts.today(hour)
  return `${day.format(moment)}, ${hour}`
}

/** @param says Puts the moment into a longer phrase. */
export function Moment({
  at,
  says = (text) => text,
}: {
  at: string
  says?: (t: string) => string
}) {
  return (
    <time className="numbers" dateTime={at} title={exact.format(new Date(at))}>
      {says(momentText(at))}
    </time>
  )
}
