/**
 * Giving an API key another secret, with some time in which both work.
 */

import { Button, NativeSelect, Stack } from '@mantine/core'
import { useState } from 'react'
import { type ApiKey, type IssuedKey, rotateKey } from 'sallyport/account'
import { useClient } from 'sallyport/react'
import { texts } from '../texts.ts'
import { useDeed } from './deed.ts'
import { Dialog, DialogButtons } from './dialog.tsx'
import { Refusal } from './trouble.tsx'

const words = texts.keys

export interface RotateKeyProps {
  readonly apiKey: ApiKey
  readonly close: () => void
  readonly done: (issued: IssuedKey) => void
}

export function RotateKey({ apiKey: { id, name }, close, done }: RotateKeyProps) {
  const client = useClient()
  const [overlap, setOverlap] = useState('86400')
  const rotate = useDeed<void, IssuedKey>({
    work: () => rotateKey(client, id, Number(overlap)),
    touches: ['keys', 'activity'],
    refusedInPlace: true,
    after: done,
  })

  return (
    <Dialog title={words.rotateTitle(name)} close={close} busy={rotate.pending}>
      <p>{words.rotateText}</p>
      <form
        onSubmit={(event) => {
          event.preventDefault()
          rotate.run()
        }}
      >
        <Stack gap="md">
          {rotate.error !== undefined && <Refusal error={rotate.error} />}
          <NativeSelect
            label={words.overlap}
            data={Object.entries(words.overlaps).map(([value, label]) => ({ value, label }))}
            value={overlap}
            onChange={({ currentTarget }) => setOverlap(currentTarget.value)}
          />
        </Stack>
        <DialogButtons>
          <Button variant="default" onClick={close} disabled={rotate.pending}>
            {texts.cancel}
          </Button>
          <Button type="submit" loading={rotate.pending}>
            {words.rotate}
          </Button>
        </DialogButtons>
      </form>
    </Dialog>
  )
}
