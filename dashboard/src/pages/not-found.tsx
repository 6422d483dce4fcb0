/**
 * An address that leads nowhere. It says so to everybody, and shows nothing else to anybody.
 */

import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { Threshold } from '../parts/frames.tsx'
import { PageTitle } from '../parts/page.tsx'
import { texts } from '../texts.ts'

export function NotFound() {
  return (
    <Threshold>
      <PageTitle name={texts.notFound.title}>{texts.notFound.title}</PageTitle>
      <p>{texts.notFound.text}</p>
      <Button component={Link} to="/">
        {texts.notFound.back}
      </Button>
    </Threshold>
  )
}
