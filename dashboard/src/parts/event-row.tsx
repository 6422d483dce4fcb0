/**
 * An event as a line: what happened, who did it, when and from where.
 */

import {
  type Icon,
  IconAlertTriangle,
  IconDevices,
  IconKey,
  IconLock,
  IconLogin2,
  IconUser,
} from '@tabler/icons-react'
import type { Activity } from 'sallyport/account'
import { texts } from '../texts.ts'
import { Moment } from './moment.tsx'
import { Row, type RowProps } from './row.tsx'
import { Tag } from './tag.tsx'

/** By what stands before the dot. */
const icons: Readonly<Record<string, Icon>> = {
  auth: IconLogin2,
  session: IconDevices,
  refresh: IconDevices,
  device: IconDevices,
  password: IconLock,
  key: IconKey,
}

/** Whether somebody should look twice. */
const isBad = ({ type, outcome }: Activity): boolean =>
  outcome === 'refused' || type === 'refresh.replayed' || type === 'auth.locked'

/** How an event is drawn, for a row. */
export function markOf(event: Activity): Pick<RowProps, 'icon' | 'tone'> {
  if (isBad(event)) return { icon: IconAlertTriangle, tone: 'bad' }
  const [area = ''] = event.type.split('.')
  return { icon: icons[area] ?? IconUser }
}

/** @param me Id of the person who looks: what one did oneself needs no saying. */
export function EventRow({ event, me }: { event: Activity; me: string }) {
  const { type, outcome, actor, address, reason, at } = event

  return (
    <Row
      {...markOf(event)}
      name={
        <>
          {texts.activity.events[type] ?? type}
          {outcome === 'refused' && <Tag tone="bad">{texts.activity.refused}</Tag>}
        </>
      }
      details={
        <>
          <Moment at={at} />
          {address !== null && <span className="numbers">{address}</span>}
          {actor !== `user:${me}` && <span>{byWhom(actor)}</span>}
          {reason !== null && <span>{texts.activity.reasons[reason] ?? reason}</span>}
        </>
      }
    />
  )
}

function byWhom(actor: string): string {
  if (actor.startsWith('user:')) return texts.activity.byOther
  return actor.startsWith('operator:') ? texts.activity.byOperator : texts.activity.byNobody
}
