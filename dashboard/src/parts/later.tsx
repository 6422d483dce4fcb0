/**
 * A part that is loaded only where it is shown. While it comes its place is kept; when it does not
 * come, that is said.
 */

import { Button, Skeleton } from '@mantine/core'
import { CatchBoundary } from '@tanstack/react-router'
import { type ComponentType, lazy, Suspense } from 'react'
import { texts } from '../texts.ts'
import { Notice } from './notice.tsx'

/** @param height Pixels to keep for it. */
export function later<P extends object>(
  load: () => Promise<ComponentType<P>>,
  height: number,
): ComponentType<P> {
  const Part: ComponentType<P> = lazy(async () => ({ default: await load() }))

  return function Later(props: P) {
    return (
      <CatchBoundary getResetKey={() => ''} errorComponent={Missing}>
        <Suspense fallback={<Skeleton height={height} radius="lg" />}>
          <Part {...props} />
        </Suspense>
      </CatchBoundary>
    )
  }
}

/** A server that was replaced meanwhile has it under another name: only the page itself knows it. */
function Missing() {
  return (
    <Notice tone="bad" title={texts.incomplete}>
      <Button size="xs" variant="default" onClick={() => window.location.reload()}>
        {texts.loadAgain}
      </Button>
    </Notice>
  )
}
