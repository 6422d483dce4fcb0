/**
 * The servers of an instance, and how far each has heard of what was revoked.
 */

import { IconServer2 } from '@tabler/icons-react'
import type { Overview } from 'sallyport/admin'
import { texts } from '../texts.ts'
import { ListFrame } from './listing.tsx'
import { Row } from './row.tsx'
import { Section } from './section.tsx'
import { Tag } from './tag.tsx'

const words = texts.overview

export function Servers({ nodes }: Pick<Overview, 'nodes'>) {
  return (
    <Section plain title={words.nodes} lead={words.nodesLead}>
      <ListFrame items={nodes} label={words.nodes} idOf={({ id }) => id}>
        {({ id, current, behind, lease }) => (
          <Row
            icon={IconServer2}
            tone={behind > 0 ? 'bad' : undefined}
            name={
              <>
                <code>{id.slice(0, 8)}</code>
                {current && <Tag>{words.thisNode}</Tag>}
              </>
            }
            details={
              <>
                <span>{behind > 0 ? words.behind(behind) : words.upToDate}</span>
                <span>{words.lease(String(lease))}</span>
              </>
            }
          />
        )}
      </ListFrame>
    </Section>
  )
}
