/**
 * One story a part: the part in each state it can be in.
 */

import { Button } from '@mantine/core'
import { type ReactNode, useState } from 'react'
import { ProblemError, UnreachableError } from 'sallyport/client'
import { useFresh } from 'sallyport/react'
import { AuditRow } from '../src/parts/audit-record.tsx'
import { Bars } from '../src/parts/bars.tsx'
import { Confirm } from '../src/parts/confirm.tsx'
import { useDeed } from '../src/parts/deed.ts'
import { EventRow } from '../src/parts/event-row.tsx'
import { Listing, useList } from '../src/parts/listing.tsx'
import { Mark } from '../src/parts/mark.tsx'
import { Moment } from '../src/parts/moment.tsx'
import { NewPassword } from '../src/parts/new-password.tsx'
import { Notice } from '../src/parts/notice.tsx'
import { PageHead } from '../src/parts/page.tsx'
import { PasswordField } from '../src/parts/password-field.tsx'
import { Fact, Facts, Section } from '../src/parts/section.tsx'
import { SessionRow } from '../src/parts/session-row.tsx'
import { ShownOnce } from '../src/parts/shown-once.tsx'
import { SignOutFailed } from '../src/parts/sign-out.tsx'
import { Tag } from '../src/parts/tag.tsx'
import { useToast } from '../src/parts/toasts.tsx'
import { Refusal } from '../src/parts/trouble.tsx'
import { useWait, WaitText } from '../src/parts/wait.tsx'
import { elsewhere, events, here, problem } from './canned.ts'
import classes from './stories.module.css'

const policy = { minLength: 15, maxLength: 128, maxBytes: 1024 }
const resting = new ProblemError(problem('account_locked', { status: 429, retryAfter: 713 }))
const silent = new UnreachableError('network')

const Row = ({ children }: { children: ReactNode }) => <div className={classes.row}>{children}</div>
const Stack = ({ children }: { children: ReactNode }) => (
  <div className={classes.stack}>{children}</div>
)

/** A list that stays in one state. */
function List({ ask, empty }: { ask: 'some' | 'none' | 'failed' | 'loading'; empty?: string }) {
  const list = useList(['story', ask], async () => {
    if (ask === 'loading') return new Promise<never>(() => {})
    if (ask === 'failed') throw new ProblemError(problem('forbidden', { status: 403 }))
    return { items: ask === 'some' ? [here, ...elsewhere] : [], nextCursor: null }
  })
  return (
    <Listing list={list} label={ask} idOf={({ id }) => id} empty={empty}>
      {(session) => <SessionRow session={session} action={<Button size="xs">End</Button>} />}
    </Listing>
  )
}

/** So often in each of the hours up to now, twice over. */
const hours = (counts: readonly number[]) =>
  [...counts, ...counts].map((count, at) => ({
    from: new Date(Date.now() - (23 - at) * 3_600_000).toISOString(),
    count,
    more: count >= 1_000,
  }))

function Waiting() {
  const [at] = useState(Date.now)
  return (
    <Refusal error={resting}>
      <WaitText {...useWait(resting, at)} />
    </Refusal>
  )
}

function Choosing({ start }: { start: string }) {
  const [value, setValue] = useState(start)
  return (
    <div className={classes.narrow}>
      <NewPassword
        label="New password"
        policy={policy}
        value={value}
        onChange={({ currentTarget }) => setValue(currentTarget.value)}
      />
    </div>
  )
}

function Toasting() {
  const say = useToast()
  return (
    <Row>
      <Button onClick={() => say({ tone: 'good', text: 'The session has ended.' })}>Good</Button>
      <Button
        color="ember"
        onClick={() => say({ tone: 'bad', text: 'No answer from the server. Try again.' })}
      >
        Bad
      </Button>
    </Row>
  )
}

function Asking() {
  const fresh = useFresh()
  const say = useToast()
  const [open, setOpen] = useState(false)
  const [shown, setShown] = useState(false)
  const deed = useDeed({ work: async () => {}, done: () => 'Done.', refusedInPlace: true })
  const work = async () => {
    if (open) return
    setOpen(true)
    throw new ProblemError(problem('step_up_required', { status: 403 }))
  }
  return (
    <Row>
      <Confirm
        label="Delete"
        title="Delete Bob for good?"
        text="Bob is signed out everywhere and gone from the list."
        deed={deed}
        asked={undefined}
      />
      <Button onClick={() => setShown(true)}>A secret, once</Button>
      <Button
        onClick={() =>
          void fresh(work).then(
            () => say({ tone: 'good', text: 'Shown. (The right one is “right”.)' }),
            () => say({ tone: 'bad', text: 'Rather not.' }),
          )
        }
      >
        The password once more
      </Button>
      {shown && (
        <ShownOnce
          title="Bob can sign in now"
          label="Temporary password"
          secret="7k2mq-w0v9x-e3c8r-h5n1t"
          text="Hand this password over yourself. It is good for one day and is not shown again."
          close={() => setShown(false)}
        />
      )}
    </Row>
  )
}

export const stories: Readonly<Record<string, () => ReactNode>> = {
  Mark: () => (
    <Row>
      <Mark size={28} />
      <Mark size={56} />
      <Mark size={104} />
    </Row>
  ),
  'Head of a page': () => (
    <PageHead
      title="Your sessions"
      lead="Every browser that is signed in with your account right now."
      action={<Button>Add a person</Button>}
    />
  ),
  Buttons: () => (
    <Row>
      <Button>Save</Button>
      <Button variant="default">Cancel</Button>
      <Button color="ember">Delete</Button>
      <Button variant="outline" color="ember">
        Delete
      </Button>
      <Button loading>Save</Button>
      <Button disabled>Save</Button>
    </Row>
  ),
  Tags: () => (
    <Row>
      <Tag>Owner</Tag>
      <Tag tone="calm">You</Tag>
      <Tag tone="plain">Member</Tag>
      <Tag tone="bad">Disabled</Tag>
    </Row>
  ),
  Notices: () => (
    <Stack>
      <Notice tone="calm">Your session has ended. Sign in again to go on.</Notice>
      <Refusal error={silent} />
      <Waiting />
      <SignOutFailed error={silent} again={() => {}} />
    </Stack>
  ),
  Fields: () => (
    <Stack>
      <div className={classes.narrow}>
        <PasswordField label="Password" error="This is not your password." />
      </div>
      <Choosing start="" />
      <Choosing start="seven stones" />
      <Choosing start="seven stones above the river" />
    </Stack>
  ),
  Facts: () => (
    <Section title="This session">
      <Facts>
        <Fact is="Browser">Firefox</Fact>
        <Fact is="Address">2001:db8:85a3::8a2e:370:7334</Fact>
        <Fact is="Signed in">
          <Moment at={here.createdAt} />
        </Fact>
        <Fact is="Ends by">
          <Moment at={here.expiresAt} />
        </Fact>
      </Facts>
    </Section>
  ),
  Events: () => (
    <Section title="Recent activity" plain>
      {events.map((event) => (
        <EventRow key={event.id} event={event} me="ada" />
      ))}
    </Section>
  ),
  Bars: () => (
    <Stack>
      <Bars title="Sign-ins" hours={hours([3, 0, 1, 8, 40, 62, 71, 55, 30, 44, 51, 12])} />
      <Bars
        title="Refused sign-ins"
        tone="bad"
        hours={hours([0, 0, 1000, 2, 9, 0, 0, 4, 1, 0, 3, 0])}
      />
    </Stack>
  ),
  Records: () => (
    <Section title="Audit" plain>
      {events.map((event, seq) => (
        <AuditRow key={event.id} event={{ ...event, chain: 'a', seq }} open={() => {}} />
      ))}
    </Section>
  ),
  'A list': () => <List ask="some" />,
  'An empty list': () => <List ask="none" empty="You are signed in nowhere else." />,
  'A list that failed': () => <List ask="failed" />,
  'A list that loads': () => <List ask="loading" />,
  Toasts: Toasting,
  Dialogs: Asking,
}
