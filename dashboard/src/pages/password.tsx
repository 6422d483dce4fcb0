/**
 * Changing the own password, because one wants to.
 */

import { ChangePassword } from '../parts/change-password.tsx'
import { PageHead } from '../parts/page.tsx'
import { useToast } from '../parts/toasts.tsx'
import { texts } from '../texts.ts'
import classes from './password.module.css'

export function Password() {
  const say = useToast()
  return (
    <>
      <PageHead title={texts.changePassword.title} lead={texts.changePassword.lead} />
      <div className={classes.form}>
        <ChangePassword
          current={texts.changePassword.current}
          submit={texts.changePassword.submit}
          done={() => say({ tone: 'good', text: texts.changePassword.changed })}
        />
      </div>
    </>
  )
}
