/** Every way of being told no: why a session is over, what was refused, what is wrong with a field. */

/** Why a session is over, by `reason`. */
export const ended: Readonly<Record<string, string>> = {
  expired: 'Your session has ended. Sign in again to go on.',
  logout: 'You are signed out.',
  revoked: 'Your session was ended from another place. If that was not you, change your password.',
  evicted: 'You signed in on another device, and the oldest of your sessions was ended for it.',
  password_changed:
    'Your password was changed, so every session was ended. Sign in with the new one.',
  user_disabled: 'Your account has been disabled. An administrator can tell you more.',
  replay: 'Your session was ended to protect you: a copy of its credentials was used.',
  restored: 'The server was restored from a backup, which ends every session.',
}

/** Refusals by `code`: title, and what to do now. */
export const refused: Readonly<Record<string, readonly [title: string, text: string]>> = {
  invalid_credentials: ['That did not match', 'Check your user name and password.'],
  account_locked: ['Too many attempts', 'After that many wrong passwords there is a rest.'],
  rate_limited: ['Too many requests', 'There were too many from your network just now.'],
  busy: ['The server is busy', 'Many people are signing in. Nothing is wrong with what you typed.'],
  session_limit_reached: [
    'Too many sessions',
    'You are signed in on as many devices as allowed. Sign out on one of them first.',
  ],
  csrf_rejected: ['This page is out of date', 'Load it again and repeat what you did.'],
  validation_failed: ['Something is missing', 'See the fields marked below.'],
  unavailable: ['The server is not ready', 'It cannot reach its data just now.'],
  password_change_required: ['A new password is needed', 'Change your password first.'],
  wrong_password: ['That is not your password', 'Nothing has been changed.'],
  forbidden: ['You may not do this', 'It takes a role that is at least as high.'],
  not_found: ['It is not there any more', 'Somebody was quicker, or it came to its end.'],
  conflict: ['This cannot be done as things are', 'Load the page again and look once more.'],
  username_taken: ['The name is taken', 'Choose another user name.'],
  last_owner: ['There must be an owner', 'Make somebody else an owner first.'],
}

/** What is wrong with a field, by its `code`; the server's own sentence where none is here. */
export const fields: Readonly<Record<string, string>> = {
  breached: 'This is on a list of stolen passwords. Choose another.',
  too_common: 'This is among the passwords that are guessed first. Choose another.',
  too_similar: 'This is too close to a name, and easy to guess. Choose another.',
  same_as_current: 'This is your current password. Choose another.',
}
