/**
 * A session as a line: in which browser, from where, since when, and an end to it.
 */

import {
  type Icon,
  IconDeviceDesktop,
  IconDeviceMobile,
  IconDeviceTablet,
  IconDeviceUnknown,
} from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { Session } from 'sallyport/client'
import { texts } from '../texts.ts'
import { Moment } from './moment.tsx'
import { Row } from './row.tsx'
import { Tag } from './tag.tsx'

export const deviceIcons: Readonly<Record<Session['device']['kind'], Icon>> = {
  desktop: IconDeviceDesktop,
  mobile: IconDeviceMobile,
  tablet: IconDeviceTablet,
  other: IconDeviceUnknown,
}

interface Seen {
  readonly browser: string | null
  readonly os: string | null
  readonly userAgent?: string
}

/** `Chrome on Linux`, as far as it is known; else what the program says of itself, cut short. */
export function browserOn({ browser, os, userAgent = '' }: Seen): string {
  if (browser === null && os === null)
    return userAgent.length > 40 ? `${userAgent.slice(0, 40)}…` : userAgent || texts.session.unknown
  return texts.session.on(
    browser ?? texts.session.unknownBrowser,
    os ?? texts.session.unknownSystem,
  )
}

export interface SessionRowProps {
  readonly session: Session
  /** Whose it is, where that is not plain. */
  readonly owner?: ReactNode
  readonly action?: ReactNode
}

export function SessionRow({ session, owner, action }: SessionRowProps) {
  const { device, address, lastActiveAt, createdAt, remembered } = session
  const name = browserOn(device)

  return (
    <Row
      icon={deviceIcons[device.kind]}
      name={
        <>
          {owner ?? <span title={device.userAgent}>{name}</span>}
          {session.current && <Tag>{texts.session.here}</Tag>}
        </>
      }
      details={
        <>
          {owner && <span title={device.userAgent}>{name}</span>}
          <span className="numbers">{address}</span>
          <span>
            {texts.factOf(texts.session.lastActive)} <Moment at={lastActiveAt} />
          </span>
          <span>
            {texts.factOf(texts.session.since)} <Moment at={createdAt} />
          </span>
          {remembered && <span>{texts.session.remembered}</span>}
        </>
      }
      action={action}
    />
  )
}
