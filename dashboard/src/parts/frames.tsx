/**
 * The frames a page hangs in: the *door* for those outside, and the *threshold* for the moments
 * between. Those inside stand in the *hall*, which has a file of its own.
 */

import type { ReactNode } from 'react'
import { texts } from '../texts.ts'
import classes from './frames.module.css'
import { Mark } from './mark.tsx'
import { Notice } from './notice.tsx'
import { SchemeSwitch } from './scheme-switch.tsx'
import { AwayBanner } from './trouble.tsx'

export function Brand() {
  return (
    <span className={classes.brand}>
      <Mark size={28} />
      {texts.product}
    </span>
  )
}

/** The wall on one side, the form on the other. `action` stands at the end of the bar. */
export function Door({ action, children }: { action?: ReactNode; children: ReactNode }) {
  return (
    <>
      <AwayBanner />
      <div className={classes.door}>
        <aside className={classes.wall} aria-label={texts.product}>
          <div className={classes.wallMark}>
            <Mark size={104} />
          </div>
          <p className={classes.motto}>
            {texts.motto}
            <span>{texts.mottoMeaning}</span>
          </p>
        </aside>
        <div className={classes.outside}>
          <header className={classes.bar}>
            <Brand />
            <div className={classes.barEnd}>
              <SchemeSwitch />
              {action}
            </div>
          </header>
          <main className={classes.form}>
            {/* The server would take the password, and nobody would be signed in. */}
            {!navigator.cookieEnabled && <Notice tone="bad">{texts.noCookies}</Notice>}
            {children}
          </main>
        </div>
      </div>
    </>
  )
}

/** Alone in the middle: nothing to do here but to read and to go on. */
export function Threshold({ children }: { children: ReactNode }) {
  return (
    <main className={classes.threshold}>
      <Mark size={56} />
      {children}
    </main>
  )
}

/** Quiet at first: a start that takes a moment shows nothing at all. */
export function Splash() {
  return (
    <div className={classes.splash} role="status">
      <Mark size={56} />
      <span className="visually-hidden">{texts.loading}</span>
    </div>
  )
}
