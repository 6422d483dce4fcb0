/**
 * The browsers in which strangers cannot lock the person out.
 */

import { Button } from '@mantine/core'
import { type Device, forgetDevice, listDevices } from 'sallyport/account'
import { useClient } from 'sallyport/react'
import { useRemoval } from '../parts/deed.ts'
import { Listing, useList } from '../parts/listing.tsx'
import { Moment } from '../parts/moment.tsx'
import { PageHead } from '../parts/page.tsx'
import { Row } from '../parts/row.tsx'
import { browserOn, deviceIcons } from '../parts/session-row.tsx'
import { Tag } from '../parts/tag.tsx'
import { texts } from '../texts.ts'

export function Devices() {
  const client = useClient()
  const list = useList(['devices'], (ask) => listDevices(client, ask))
  const { deed, leaving } = useRemoval<Device>({
    list: 'devices',
    work: ({ id }) => forgetDevice(client, id),
    done: () => texts.devices.forgotten,
    touches: ['activity'],
  })

  return (
    <>
      <PageHead title={texts.devices.title} lead={texts.devices.lead} />
      <Listing
        list={list}
        label={texts.devices.title}
        leaving={leaving}
        idOf={({ id }) => id}
        empty={texts.devices.empty}
      >
        {(device) => (
          <Row
            icon={deviceIcons[device.kind]}
            name={
              <>
                {browserOn(device)}
                {device.current && <Tag>{texts.session.here}</Tag>}
              </>
            }
            details={
              <>
                <span>
                  {texts.factOf(texts.devices.used)} <Moment at={device.lastUsedAt} />
                </span>
                <span>
                  {texts.factOf(texts.devices.since)} <Moment at={device.createdAt} />
                </span>
              </>
            }
            action={
              <Button
                size="xs"
                variant="default"
                aria-label={texts.devices.forgetOf(browserOn(device))}
                onClick={() => deed.run(device)}
              >
                {texts.devices.forget}
              </Button>
            }
          />
        )}
      </Listing>
    </>
  )
}
