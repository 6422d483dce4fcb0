/**
 * The mark: a gate tower with two doors, one shut while the other stands ajar.
 */

import classes from './mark.module.css'

/** @param size Pixels, width and height. Decoration: the name stands beside it in words. */
export function Mark({ size }: { size: number }) {
  return (
    <svg className={classes.mark} width={size} height={size} viewBox="0 0 48 48" aria-hidden="true">
      <path
        className={classes.wall}
        fillRule="evenodd"
        d="M5 44V7a2 2 0 0 1 2-2h6v5h6V5h10v5h6V5h6a2 2 0 0 1 2 2v37zM14 44h20V27a10 10 0 0 0-20 0z"
      />
      <path className={classes.leaf} d="M16 44V27a8 8 0 0 1 7-7.94V44z" />
      <path className={classes.leaf} d="M32 44V27c0-1.7-.5-3.3-1.4-4.5L27.5 25v15.5z" />
    </svg>
  )
}
