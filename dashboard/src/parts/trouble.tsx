/**
 * What is said when a call fails, in three sizes: beside a form, above a page, in place of a page.
 * Each says what happened, what happens next by itself, and what can be done at once.
 */

import { Button } from '@mantine/core'
import { IconPlugConnectedX } from '@tabler/icons-react'
import { type ReactNode, useState } from 'react'
import { ProblemError } from 'sallyport/client'
import { useClient, useSession } from 'sallyport/react'
import { explain, texts } from '../texts.ts'
import { useSecondsUntil } from './countdown.ts'
import { Notice } from './notice.tsx'
import classes from './trouble.module.css'

/** The title and sentence for whatever a call threw. */
export function told(error: unknown): readonly [title: string, text: string] {
  return error instanceof ProblemError ? explain(error) : texts.silent
}

/** What the server found wrong with which field, in our words where there are some. */
export function fieldErrors(error: unknown): Record<string, string> {
  if (!(error instanceof ProblemError)) return {}
  return Object.fromEntries(
    error.fields.map(({ name, code, detail }) => [name, texts.fields[code] ?? detail]),
  )
}

/** A refusal, announced at once. `children`: what can be done about it. */
export function Refusal({ error, children }: { error: unknown; children?: ReactNode }) {
  const [title, text] = told(error)
  return (
    <Notice tone="bad" title={title}>
      <p>{text}</p>
      {children}
    </Notice>
  )
}

/** What should have been shown could not be loaded. */
export function Failed({ error, again }: { error: unknown; again: () => unknown }) {
  return (
    <div className={classes.failed} role="alert">
      <p>{texts.failed(told(error)[0])}</p>
      <Button size="xs" variant="default" onClick={() => void again()}>
        {texts.tryAgain}
      </Button>
    </div>
  )
}

/** The countdown is for the eye only: read aloud every second it would drown everything else. */
function RetryIn({ at }: { at: number | undefined }) {
  const seconds = useSecondsUntil(at)
  return (
    <span className="numbers" aria-hidden="true">
      {seconds > 0 ? texts.retryIn(seconds) : texts.trying}
    </span>
  )
}

/** Asks the server again, and shows that it does. */
function RetryNow({ also }: { also?: () => unknown }) {
  const client = useClient()
  const [trying, setTrying] = useState(false)

  async function retry() {
    setTrying(true)
    await Promise.all([client.check(), also?.()])
    setTrying(false)
  }

  return (
    <Button size="xs" variant="default" loading={trying} onClick={() => void retry()}>
      {texts.tryNow}
    </Button>
  )
}

/** Above a page that stays usable while the server is away. Takes no place when it is there. */
export function AwayBanner() {
  const { error, retryAt } = useSession()
  return (
    <div role="status">
      {error && (
        <div className={classes.banner}>
          <div className={classes.bannerText}>
            <IconPlugConnectedX size={20} stroke={1.75} aria-hidden="true" />
            <p>
              {texts.away.banner} <RetryIn at={retryAt} />
            </p>
            <RetryNow />
          </div>
        </div>
      )}
    </div>
  )
}

/** In place of a page, when nothing can be shown before the server has answered. */
export function AwayNotice({ at, again }: { at: number | undefined; again: () => unknown }) {
  return (
    <div className={classes.notice}>
      <p>{texts.away.text}</p>
      <p className={classes.soft}>
        <RetryIn at={at} />
      </p>
      <RetryNow also={again} />
    </div>
  )
}
