/**
 * A word that marks a thing as what it is: a role, a state, or “this one”. Never something to press.
 */

import type { ReactNode } from 'react'
import classes from './tag.module.css'

export interface TagProps {
  readonly tone?: 'brass' | 'calm' | 'bad' | 'plain'
  readonly children: ReactNode
}

export function Tag({ tone = 'brass', children }: TagProps) {
  return (
    <span className={classes.tag} data-tone={tone}>
      {children}
    </span>
  )
}
