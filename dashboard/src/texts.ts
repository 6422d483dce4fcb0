/**
 * Every word a person reads, in one place, so that a translation is a second object of this shape:
 * here what is said everywhere, in `texts/` what belongs to one part of the house.
 * Texts say what happened, what it means, and what to do now; they never blame.
 */

import type { ProblemError } from 'sallyport/client'
import { account } from './texts/account.ts'
import { activity } from './texts/activity.ts'
import { administration } from './texts/administration.ts'
import { audit } from './texts/audit.ts'
import { door } from './texts/door.ts'
import { keys } from './texts/keys.ts'
import { health, overview } from './texts/overview.ts'
import { ended, fields, refused } from './texts/refusals.ts'

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
  noCookies:
    'Your browser keeps no cookies for this site. Allow them: without, nobody stays signed in.',
  optional: 'optional',
  cancel: 'Cancel',
  close: 'Close',
  more: 'Show more',
  factOf: (name: string) => `${name}:`,
  signOut: 'Sign out',
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

  signOutFailed: 'You are not signed out',
  signOutFailedText:
    'The server has not confirmed it, so your session may still be open. Try again before you leave this device.',

  /** The way round. */
  places: {
    label: 'Pages',
    open: 'Menu',
    skip: 'Skip to the page',
    account: 'Your account',
    administration: 'Administration',
    '/': 'Home',
    '/account/sessions': 'Sessions',
    '/account/password': 'Password',
    '/account/devices': 'Trusted devices',
    '/account/keys': 'API keys',
    '/account/activity': 'Activity',
    '/users': 'People',
    '/sessions': 'All sessions',
    '/overview': 'Overview',
    '/lockouts': 'Names at rest',
    '/audit': 'Audit',
    '/health': 'Health',
  },

  failed: (what: string) => `This could not be loaded: ${what}.`,
  incomplete: 'A part of this page is missing',
  loadAgain: 'Load the page again',
  messages: 'Messages',

  notFound: {
    title: 'There is nothing here',
    text: 'The address may be mistyped, or what it led to is gone.',
    back: 'Go to the start',
  },

  forbidden: {
    title: 'This page is not for you',
    text: 'It takes a role that you do not have. Whoever runs this instance can give it to you.',
    back: 'Go to the start',
  },

  ...door,
  ...account,
  activity,
  keys,
  admin: administration,
  audit,
  overview,
  health,

  today: (time: string) => `Today, ${time}`,
  justNow: 'just now',
  roles: { owner: 'Owner', admin: 'Administrator', member: 'Member', viewer: 'Viewer' } as Readonly<
    Record<string, string>
  >,

  ended,
  endedOther: 'Your session was ended. Sign in again to go on.',
  refused,
  silent: [
    'No answer from the server',
    'What you entered is still here. Check your connection and try again.',
  ] as const,
  fault: (id: string) => ['Something went wrong', `Try again. If it stays, report ${id}.`] as const,

  fields,
}

/** A refusal as a title and a sentence. */
export function explain({ code, message, problem }: ProblemError): readonly [string, string] {
  if (code === 'internal') return texts.fault(problem.instance)
  return texts.refused[code] ?? [problem.title, message]
}
