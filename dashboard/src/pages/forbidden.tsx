/**
 * A page that is there, but not for this person.
 */

import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { PageHead } from '../parts/page.tsx'
import { texts } from '../texts.ts'

export function Forbidden() {
  return (
    <>
      <PageHead title={texts.forbidden.title} lead={texts.forbidden.text} />
      <div>
        <Button component={Link} to="/">
          {texts.forbidden.back}
        </Button>
      </div>
    </>
  )
}
