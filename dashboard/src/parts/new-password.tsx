/**
 * Choosing a password: what is asked for is said before, counted while typing, and checked the way
 * the server counts, so that sending it holds no surprise but the blocklist.
 */

import type { PasswordInputProps } from '@mantine/core'
import type { SetupStatus } from 'sallyport/client'
import { texts } from '../texts.ts'
import classes from './new-password.module.css'
import { PasswordField } from './password-field.tsx'

type Policy = SetupStatus['passwordPolicy']

/** Code points of the composed form, as the server counts. */
const lengthOf = (password: string) => [...password.normalize('NFC')].length
const bytesOf = (password: string) => new TextEncoder().encode(password.normalize('NFC')).length

/** What is wrong with `password` as far as it can be told here; `null` when nothing is. */
export function newPasswordFault(password: string, policy: Policy): string | null {
  const length = lengthOf(password)
  if (length === 0) return texts.newPassword.missing
  if (length < policy.minLength) return texts.newPassword.short(policy.minLength)
  if (length > policy.maxLength || bytesOf(password) > policy.maxBytes) {
    return texts.newPassword.long(policy.maxLength)
  }
  return null
}

export interface NewPasswordProps extends PasswordInputProps {
  readonly policy: Policy
  readonly value?: string
}

export function NewPassword({ policy, value = '', ...props }: NewPasswordProps) {
  const length = lengthOf(value)
  const enough = length >= policy.minLength
  const part = Math.min(1, length / policy.minLength)

  return (
    <div>
      <PasswordField
        {...props}
        value={value}
        autoComplete="new-password"
        description={texts.newPassword.help(policy.minLength)}
      />
      <div className={classes.meter} data-enough={enough || undefined} aria-hidden="true">
        <div className={classes.track}>
          <div className={classes.filled} style={{ transform: `scaleX(${part})` }} />
        </div>
        <span className="numbers">
          {enough ? texts.newPassword.enough : texts.newPassword.count(length, policy.minLength)}
        </span>
      </div>
    </div>
  )
}
