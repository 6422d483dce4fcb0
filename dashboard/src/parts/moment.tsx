/**
 * An instant of the server as a person reads it: in his own zone, short, exact on hovering.
 */

import { texts } from '../texts.ts'

const day = new Intl.DateTimeFormat(texts.locale, { dateStyle: 'medium' })
const time = new Intl.DateTimeFormat(texts.locale, { timeStyle: 'short' })
const exact = new Intl.DateTimeFormat(texts.locale, { dateStyle: 'full', timeStyle: 'long' })

function momentText(at: string, now = new Date()): string {
  const moment = new Date(at)
  const hour = time.format(moment)
  if (day.format(moment) === day.format(now)) return texts.today(hour)
  return `${day.format(moment)}, ${hour}`
}

/** To the second, with the zone. @param at ISO 8601. */
export const exactText = (at: string): string => exact.format(new Date(at))

/** @param at ISO 8601. */
export function Moment({ at }: { at: string }) {
  return (
    <time className="numbers" dateTime={at} title={exactText(at)}>
      {momentText(at)}
    </time>
  )
}
