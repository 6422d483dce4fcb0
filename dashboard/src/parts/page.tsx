/**
 * What every page has: one heading, which names the document too and takes the focus when the page
 * appears, so that a screen reader says where its person has come.
 */

import { Title } from '@mantine/core'
import { type ReactNode, useEffect, useRef } from 'react'
import { texts } from '../texts.ts'

/** The page's only h1. Fields that want the focus themselves keep it. */
export function PageTitle({ children, name }: { children: ReactNode; name: string }) {
  const heading = useRef<HTMLHeadingElement>(null)

  useEffect(() => {
    document.title = `${name} · ${texts.product}`
  }, [name])

  useEffect(() => {
    if (document.activeElement === document.body) heading.current?.focus({ preventScroll: true })
  }, [])

  return (
    <Title order={1} tabIndex={-1} ref={heading}>
      {children}
    </Title>
  )
}
