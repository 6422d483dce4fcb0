/**
 * A password field that can be looked at: the button is reached by keyboard and says what it does.
 */

import { PasswordInput, type PasswordInputProps } from '@mantine/core'
import { useState } from 'react'
import { texts } from '../texts.ts'
import classes from './password-field.module.css'

export function PasswordField(props: PasswordInputProps) {
  const [visible, setVisible] = useState(false)
  const action = visible ? texts.password.hide : texts.password.show

  return (
    <PasswordInput
      visible={visible}
      onVisibilityChange={setVisible}
      visibilityToggleFocusable
      visibilityToggleButtonProps={{
        className: classes.toggle ?? '',
        'aria-label': action,
        'aria-pressed': undefined,
      }}
      aria-invalid={props.error ? true : undefined}
      spellCheck={false}
      autoCapitalize="none"
      {...props}
    />
  )
}
