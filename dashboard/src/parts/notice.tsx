/**
 * A short message beside what it is about: *bad* news interrupts a screen reader, *calm* news waits
 * its turn.
 */

import { IconAlertTriangle, IconInfoCircle } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import classes from './notice.module.css'

export interface NoticeProps {
  readonly tone: 'bad' | 'calm'
  readonly title?: string
  readonly children: ReactNode
}

export function Notice({ tone, title, children }: NoticeProps) {
  const Icon = tone === 'bad' ? IconAlertTriangle : IconInfoCircle

  return (
    <div className={classes.notice} data-tone={tone} role={tone === 'bad' ? 'alert' : 'status'}>
      <Icon className={classes.icon} size={20} stroke={1.75} aria-hidden="true" />
      <div className={classes.words}>
        {title && <strong>{title}</strong>}
        {children}
      </div>
    </div>
  )
}
