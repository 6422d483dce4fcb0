/**
 * Roles that a person holds only within a scope, such as a department: taken away and given one by one.
 */

import { Button, NativeSelect, TextInput } from '@mantine/core'
import { useForm } from '@mantine/form'
import { IconX } from '@tabler/icons-react'
import { changeUser } from 'sallyport/admin'
import type { User } from 'sallyport/client'
import { useClient } from 'sallyport/react'
import { texts } from '../texts.ts'
import { useDeed } from './deed.ts'
import { useReach } from './roles.ts'
import { Section } from './section.tsx'
import { fieldErrors, Refusal } from './trouble.tsx'
import classes from './user-edit.module.css'

const words = texts.admin.user

/** As the server reads it. */
const scopePattern = /^[A-Za-z0-9][A-Za-z0-9:._/-]{0,127}$/

export function UserScopes({ user }: { user: User }) {
  const client = useClient()
  const offered = useReach().givable()
  const form = useForm({
    initialValues: { scope: '', role: 'member' },
    validate: {
      scope: (value) => (scopePattern.test(value.trim()) ? null : words.scopeMissing),
    },
  })
  const change = useDeed<User['scopes']>({
    work: async (scopes) => {
      try {
        return await changeUser(client, user.id, { scopes: [...scopes] })
      } catch (error) {
        const { scopes: fault } = fieldErrors(error)
        if (fault !== undefined) form.setFieldError('scope', fault)
        throw error
      }
    },
    done: () => words.saved,
    touches: ['users'],
    refusedInPlace: true,
    after: form.reset,
  })
  // Where what it began with may not be given, the list shows the first.
  const offeredOr = (role: string) =>
    offered.some(({ value }) => value === role) ? role : (offered[0]?.value ?? role)
  const roleName = (role: string) => texts.roles[role] ?? role

  return (
    <Section title={words.scopes} lead={words.scopesLead}>
      {user.scopes.length === 0 && <p className={classes.none}>{words.scopesEmpty}</p>}
      {user.scopes.length > 0 && (
        <ul className={classes.held}>
          {user.scopes.map((held) => (
            <li key={`${held.role} ${held.scope}`}>
              {words.scopeIn(roleName(held.role), held.scope)}
              <button
                type="button"
                aria-label={words.scopeRemove(roleName(held.role), held.scope)}
                disabled={change.pending}
                onClick={() => change.run(user.scopes.filter((other) => other !== held))}
              >
                <IconX size={15} stroke={1.75} aria-hidden="true" />
              </button>
            </li>
          ))}
        </ul>
      )}
      <form
        onSubmit={form.onSubmit(({ scope, role }) =>
          change.run([...user.scopes, { role: offeredOr(role), scope: scope.trim() }]),
        )}
        noValidate
      >
        {change.error !== undefined && Object.keys(form.errors).length === 0 && (
          <Refusal error={change.error} />
        )}
        <div className={classes.fields}>
          <TextInput
            label={words.scope}
            placeholder={words.scopeHelp}
            name="scope"
            autoComplete="off"
            autoCapitalize="none"
            spellCheck={false}
            {...form.getInputProps('scope')}
          />
          <NativeSelect label={words.role} data={offered} {...form.getInputProps('role')} />
          <Button type="submit" variant="default" loading={change.pending}>
            {words.scopeAdd}
          </Button>
        </div>
      </form>
    </Section>
  )
}
