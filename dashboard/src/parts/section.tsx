/**
 * A part of a page under its own heading, on a surface of its own where it holds no list.
 */

import { type ReactNode, useId } from 'react'
import classes from './section.module.css'

export interface SectionProps {
  readonly title: string
  readonly lead?: ReactNode
  /** Beside the heading. */
  readonly action?: ReactNode
  readonly plain?: boolean
  readonly children: ReactNode
}

export function Section({ title, lead, action, plain = false, children }: SectionProps) {
  const name = useId()
  return (
    <section className={plain ? undefined : classes.card} aria-labelledby={name}>
      <div className={classes.head}>
        <div>
          <h2 id={name}>{title}</h2>
          {lead && <p>{lead}</p>}
        </div>
        {action}
      </div>
      {children}
    </section>
  )
}

/** What is known of one thing, name by name. */
export function Facts({ children }: { children: ReactNode }) {
  return <dl className={classes.facts}>{children}</dl>
}

export function Fact({ is, children }: { is: string; children: ReactNode }) {
  return (
    <div>
      <dt>{is}</dt>
      <dd>{children}</dd>
    </div>
  )
}
