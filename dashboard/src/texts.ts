/**
 * Every word a person reads, in one place, so that a translation is a second object of this shape.
 * Texts say what happened, what it means, and what to do now; they never blame.
 */

import type { ProblemError } from 'sallyport/client'

/** `12 s`, `4 min 05 s`: what remains of a wait of so many whole seconds. */
function wait(seconds: number): string {
  if (seconds < 60) return `${seconds} s`
  return `${Math.floor(seconds / 60)} min ${String(seconds % 60).padStart(2, '0')} s`
}

export const texts = {
  /** Dates are written as the language of these texts writes them, in the person's own zone. */
  locale: 'en-GB',
  product: 'Sallyport',
  motto: 'Two doors, never both open.',
  mottoMeaning: 'Nothing is let in on one proof alone.',
  loading: 'Loading…',
  tryAgain: 'Try again',
  tryNow: 'Try now',
  trying: 'Trying…',
  retryIn: (seconds: number) => `Trying again in ${wait(seconds)}.`,
  waitFor: (seconds: number) => `You can try again in ${wait(seconds)}.`,
  waitOver: 'You can try again now.',

  scheme: { legend: 'Colours', auto: 'As the system', light: 'Light', dark: 'Dark' },
  password: { show: 'Show password', hide: 'Hide password' },

  away: {
    title: 'The server cannot be reached',
    text: 'Nothing is lost: this page goes on by itself as soon as the server answers.',
    banner: 'The server cannot be reached. What you see may be out of date.',
  },

  signIn: {
    title: 'Sign in',
    username: 'User name',
    password: 'Password',
    submit: 'Sign in',
    usernameMissing: 'Enter your user name.',
    passwordMissing: 'Enter your password.',
    claimed: 'This instance has an owner already; the link has done its work. Sign in instead.',
  },

  setUp: {
    title: 'Claim this instance',
    lead: 'It has no owner yet. Whoever holds the claim link becomes the owner and decides who else may come in.',
    token: 'Claim link or token',
    tokenHelp: 'Paste the whole link, or only what stands after “token=”.',
    tokenWhere: 'Where to find it',
    tokenWhereText: [
      'The server prints it when it starts, in the line that begins with',
      'and keeps it in the file',
      'beside its database. Opening the link itself fills this in for you.',
    ],
    tokenLine: 'Claim this instance:',
    tokenFile: 'setup-token',
    tokenMissing: 'Paste the claim link that the server printed.',
    tokenWrong: 'This is not the claim link of this instance. Take the one its server printed.',
    username: 'User name',
    usernameHelp: 'To sign in with: letters, digits and . _ @ + -',
    usernameMissing: 'Choose a user name.',
    displayName: 'Your name',
    displayNameHelp: 'As others will see it.',
    optional: 'optional',
    password: 'Password',
    passwordHelp: (least: number) =>
      `At least ${least} characters. A few words in a row are strong and easy to keep in mind.`,
    passwordCount: (length: number, least: number) => `${length} of ${least} characters`,
    passwordEnough: 'Long enough',
    passwordMissing: 'Choose a password.',
    passwordShort: (least: number) => `Too short: at least ${least} characters are needed.`,
    passwordLong: (most: number) => `Too long: at most ${most} characters are possible.`,
    submit: 'Become the owner',
  },

  home: {
    title: (name: string) => `You are signed in as ${name}`,
    role: 'Role',
    username: 'User name',
    thisSession: 'This session',
    browser: 'Browser',
    system: 'System',
    address: 'Address',
    since: 'Signed in',
    factOf: (name: string) => `${name}:`,
    ends: 'Ends by',
    lastActive: 'Last active',
    unknownBrowser: 'Unknown browser',
    unknownSystem: 'unknown system',
    sessions: 'Where you are signed in',
    sessionsLead: 'Every browser that is signed in with your account right now.',
    sessionOn: (browser: string, system: string) => `${browser} on ${system}`,
    here: 'This one',
    more: 'Show more',
    sessionsFailed: 'Your sessions could not be loaded.',
    signOut: 'Sign out',
    signingOut: 'Signing out…',
    signOutFailed: 'You are not signed out',
    signOutFailedText:
      'The server has not confirmed it, so your session may still be open. Try again before you leave this device.',
  },

  notFound: {
    title: 'There is nothing here',
    text: 'The address may be mistyped, or what it led to is gone.',
    back: 'Go to the start',
  },

  today: (time: string) => `Today, ${time}`,
  roles: { owner: 'Owner', admin: 'Administrator', member: 'Member', viewer: 'Viewer' } as Readonly<
    Record<string, string>
  >,

  /** Why a session is over, by `reason`. */
  ended: {
    expired: 'Your session has ended. Sign in again to go on.',
    logout: 'You are signed out.',
    revoked:
      'Your session was ended from another place. If that was not you, change your password.',
    evicted: 'You signed in on another device, and the oldest of your sessions was ended for it.',
    password_changed:
      'Your password was changed, so every session was ended. Sign in with the new one.',
    user_disabled: 'Your account has been disabled. An administrator can tell you more.',
    replay: 'Your session was ended to protect you: a copy of its credentials was used.',
    restored: 'The server was restored from a backup, which ends every session.',
  } as Readonly<Record<string, string>>,
  endedOther: 'Your session was ended. Sign in again to go on.',

  /** Refusals by `code`: title, and what to do now. */
  refused: {
    invalid_credentials: ['That did not match', 'Check your user name and password.'],
    account_locked: ['Too many attempts', 'Signing in with this name is resting for a while.'],
    rate_limited: ['Too many requests', 'There were too many from your network just now.'],
    busy: [
      'The server is busy',
      'Many people are signing in. Nothing is wrong with what you typed.',
    ],
    session_limit_reached: [
      'Too many sessions',
      'You are signed in on as many devices as allowed. Sign out on one of them first.',
    ],
    csrf_rejected: ['This page is out of date', 'Load it again and repeat what you did.'],
    validation_failed: ['Something is missing', 'See the fields marked below.'],
    unavailable: ['The server is not ready', 'It cannot reach its data just now.'],
    password_change_required: ['A new password is needed', 'Change your password first.'],
  } as Readonly<Record<string, readonly [title: string, text: string]>>,
  silent: [
    'No answer from the server',
    'What you entered is still here. Check your connection and try again.',
  ] as const,
  fault: (id: string) => ['Something went wrong', `Try again. If it stays, report ${id}.`] as const,

  /** What is wrong with a field, by its `code`; the server's own sentence where none is here. */
  fields: {} as Readonly<Record<string, string>>,
}

/** A refusal as a title and a sentence. */
export function explain({ code, message, problem }: ProblemError): readonly [string, string] {
  if (code === 'internal') return texts.fault(problem.instance)
  return texts.refused[code] ?? [problem.title, message]
}
