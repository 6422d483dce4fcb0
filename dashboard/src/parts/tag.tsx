/**
 * A word that marks a thing as what it is: a role, or “this one”. Never something to press.
 */

import type { ReactNode } from 'react'
import classes from './tag.module.css'

export function Tag({ children }: { children: ReactNode }) {
  return <span className={classes.tag}>{children}</span>
}
