/**
 * What can be done to somebody else's account, from the mildest to what cannot be taken back.
 */

import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { type ReactNode, useState } from 'react'
import { changeUser, deleteUser, type Reset, resetPassword, unlockUser } from 'sallyport/admin'
import type { User } from 'sallyport/client'
import { useClient } from 'sallyport/react'
import { useSessionKey } from '../queries.ts'
import { texts } from '../texts.ts'
import { Confirm } from './confirm.tsx'
import { type Deed, useDeed } from './deed.ts'
import { Section } from './section.tsx'
import { ShownOnce } from './shown-once.tsx'
import classes from './user-edit.module.css'

const words = texts.admin.user

export function UserDeeds({ user }: { user: User }) {
  const client = useClient()
  const { id, disabled } = user
  const name = user.displayName ?? user.username
  const [reset, setReset] = useState<Reset>()
  const remove = useRemove(user, name)

  const unlock = useDeed({
    work: () => unlockUser(client, id),
    done: () => words.unlocked(name),
    touches: ['lockouts', 'overview'],
  })
  const enable = useDeed({
    work: () => changeUser(client, id, { disabled: false }),
    done: () => words.enabledDone(name),
    touches: ['users'],
  })
  const disable = useDeed({
    work: () => changeUser(client, id, { disabled: true }),
    done: () => words.disabledDone(name),
    touches: ['users', 'sessions', 'overview'],
    refusedInPlace: true,
  })
  const giveTemporary = useDeed<void, Reset>({
    work: () => resetPassword(client, id),
    touches: ['users', 'sessions', 'overview'],
    refusedInPlace: true,
    after: setReset,
  })

  return (
    <Section title={words.deeds}>
      <ul className={classes.deeds}>
        <Plain name={words.unlock} lead={words.unlockLead} deed={unlock} />
        <Line name={words.reset} lead={words.resetLead}>
          <Confirm
            label={words.reset}
            title={words.resetTitle(name)}
            text={words.resetText}
            deed={giveTemporary}
            asked={undefined}
          />
        </Line>
        {disabled ? (
          <Plain name={words.enable} lead={words.enableLead} deed={enable} />
        ) : (
          <Line name={words.disable} lead={words.disableLead}>
            <Confirm
              label={words.disable}
              title={words.disableTitle(name)}
              text={words.disableText}
              deed={disable}
              asked={undefined}
            />
          </Line>
        )}
        <Line name={words.remove} lead={words.removeLead}>
          <Confirm
            label={words.remove}
            variant="outline"
            color="ember"
            title={words.removeTitle(name)}
            text={words.removeText}
            deed={remove}
            asked={undefined}
          />
        </Line>
      </ul>
      {reset && (
        <ShownOnce
          title={words.resetDone(name)}
          label={texts.admin.secret.password}
          secret={reset.temporaryPassword}
          text={texts.admin.newUser.handOver}
          close={() => setReset(undefined)}
        />
      )}
    </Section>
  )
}

/** Who is deleted has no page to stay on. */
function useRemove({ id }: User, name: string) {
  const client = useClient()
  const queries = useQueryClient()
  const session = useSessionKey()
  const navigate = useNavigate()

  return useDeed({
    work: () => deleteUser(client, id),
    done: () => words.removed(name),
    refusedInPlace: true,
    after: () => {
      void navigate({ to: '/users' })
      queries.removeQueries({ queryKey: [...session, 'users'] })
      void queries.invalidateQueries({ queryKey: [...session, 'overview'] })
    },
  })
}

/** One that needs no asking whether it is meant. */
function Plain({ name, lead, deed }: { name: string; lead: string; deed: Deed<void> }) {
  return (
    <Line name={name} lead={lead}>
      <Button size="xs" variant="default" loading={deed.pending} onClick={() => deed.run()}>
        {name}
      </Button>
    </Line>
  )
}

function Line({ name, lead, children }: { name: string; lead: string; children: ReactNode }) {
  return (
    <li>
      <p>
        <strong>{name}</strong>
        {lead}
      </p>
      {children}
    </li>
  )
}
