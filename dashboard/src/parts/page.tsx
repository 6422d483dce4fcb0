/**
 * What every page has: one heading, which names the document too and takes the focus when the page
 * appears, so that a screen reader says where its person has come.
 */

import { Title } from '@mantine/core'
import { type ReactNode, useEffect, useRef } from 'react'
import { texts } from '../texts.ts'
import classes from './page.module.css'

/** The page's only h1. Fields that want the focus themselves keep it. */
export function PageTitle({ children, name }: { children: ReactNode; name: string }) {
  const heading = useRef<HTMLHeadingElement>(null)

  useEffect(() => {
    document.title = `${name} · ${texts.product}`
  }, [name])

  useEffect(() => {
    const focused = document.activeElement
    const field =
      focused instanceof HTMLInputElement && document.querySelector('main')?.contains(focused)
    if (!field) heading.current?.focus({ preventScroll: true })
  }, [])

  return (
    <Title order={1} tabIndex={-1} ref={heading}>
      {children}
    </Title>
  )
}

/** The title of a page, and what the page is for. */
export function Heading({ title, lead }: { title: string; lead?: string | undefined }) {
  return (
    <div className={classes.heading}>
      <PageTitle name={title}>{title}</PageTitle>
      {lead && <p>{lead}</p>}
    </div>
  )
}

export interface PageHeadProps {
  readonly title: string
  readonly lead?: string
  /** What the page is most used for. */
  readonly action?: ReactNode
}

/** The head of a page inside: what it is, what it is for, what can be done. */
export function PageHead({ title, lead, action }: PageHeadProps) {
  return (
    <div className={classes.head}>
      <Heading title={title} lead={lead} />
      {action}
    </div>
  )
}
