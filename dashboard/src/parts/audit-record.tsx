/**
 * One record of the audit: as a line, and whole.
 */

import { Button } from '@mantine/core'
import { IconChevronRight } from '@tabler/icons-react'
import type { ReactNode } from 'react'
import type { AuditEvent } from 'sallyport/admin'
import { texts } from '../texts.ts'
import classes from './audit-record.module.css'
import { Dialog, DialogButtons } from './dialog.tsx'
import { markOf } from './event-row.tsx'
import { exactText, Moment } from './moment.tsx'
import { PersonLink } from './person.tsx'
import { Row } from './row.tsx'
import { Fact, Facts } from './section.tsx'
import { Tag } from './tag.tsx'

const words = texts.audit

const titleOf = ({ type }: AuditEvent): string => words.events[type] ?? type
const reasonOf = (reason: string): string => texts.activity.reasons[reason] ?? reason

export function AuditRow({ event, open }: { event: AuditEvent; open: () => void }) {
  const { at, actor, subject, address, outcome, reason } = event

  return (
    <Row
      {...markOf(event)}
      name={
        <>
          {titleOf(event)}
          {outcome === 'refused' && <Tag tone="bad">{words.refused}</Tag>}
        </>
      }
      details={
        <>
          <Moment at={at} />
          <span>
            {words.by} <Who is={actor} />
          </span>
          {subject !== null && subject !== actor && (
            <span>
              {words.of} <Who is={subject} />
            </span>
          )}
          {address !== null && <span className="numbers">{address}</span>}
          {reason !== null && <span>{reasonOf(reason)}</span>}
        </>
      }
      action={
        <button
          type="button"
          className="icon-button"
          aria-label={words.open(titleOf(event), exactText(at))}
          onClick={open}
        >
          <IconChevronRight size={18} stroke={1.75} aria-hidden="true" />
        </button>
      }
    />
  )
}

/** `user:<id>`, `session:<id>`, `operator:<name>`, `anonymous`, or what stands for a name. */
function Who({ is }: { is: string }) {
  const [kind, id] = is.split(/:(.*)/s)
  if (id === undefined)
    return kind === 'anonymous' ? words.anonymous : <code>{is.slice(0, 8)}</code>
  if (kind === 'user') return <PersonLink id={id} />
  if (kind === 'operator') return words.operator(id)
  return (
    <>
      {kind} <code>{id.slice(0, 8)}</code>
    </>
  )
}

/** All of it, with the person by name and everything else as it was recorded. */
export function AuditRecord({ event, close }: { event: AuditEvent; close: () => void }) {
  const facts = words.facts
  const { type, at, actor, subject, outcome, reason, address, session, device, details } = event
  const raw = (text: string | null): ReactNode =>
    text === null ? facts.none : <code className={classes.raw}>{text}</code>
  const who = (text: string | null) =>
    text === null ? (
      facts.none
    ) : (
      <>
        <Who is={text} /> {raw(text)}
      </>
    )

  return (
    <Dialog title={titleOf(event)} close={close} wide>
      <div className={classes.facts}>
        <Facts>
          <Fact is={facts.type}>{raw(type)}</Fact>
          <Fact is={facts.at}>{exactText(at)}</Fact>
          <Fact is={facts.actor}>{who(actor)}</Fact>
          <Fact is={facts.subject}>{who(subject)}</Fact>
          <Fact is={facts.outcome}>{outcome === 'refused' ? facts.refused : facts.success}</Fact>
          <Fact is={facts.reason}>{reason === null ? facts.none : reasonOf(reason)}</Fact>
          <Fact is={facts.address}>{address ?? facts.none}</Fact>
          <Fact is={facts.session}>{raw(session)}</Fact>
          <Fact is={facts.device}>{raw(device)}</Fact>
          {Object.entries(details ?? {}).map(([name, value]) => (
            <Fact key={name} is={name}>
              {raw(typeof value === 'string' ? value : JSON.stringify(value))}
            </Fact>
          ))}
          <Fact is={facts.id}>{raw(event.id)}</Fact>
          <Fact is={facts.chain}>{raw(event.chain)}</Fact>
          <Fact is={facts.seq}>{event.seq}</Fact>
        </Facts>
      </div>
      <DialogButtons>
        <Button onClick={close}>{texts.close}</Button>
      </DialogButtons>
    </Dialog>
  )
}
