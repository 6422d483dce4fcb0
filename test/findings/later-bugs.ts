/**
 * The 22 bugs that the authors of the system before this one found themselves, later.
 *
 * @module
 */
import type { Chapter } from './line.ts'

export const laterBugs: Chapter = {
  heading: 'Found there later',
  lines: [
    { id: 'L1', was: 'The CSRF cookie could not be read from any page, for its path.' },
    { id: 'L2', was: 'The store of refresh tokens was never connected: refreshing was dead code.' },
    { id: 'L3', was: 'The first start on an empty PostgreSQL crashed.' },
    { id: 'L4', was: 'Old cookies trapped people behind a 403 that signing out could not clear.' },
    { id: 'L5', was: 'What signed-in people did counted towards the limit for strangers.' },
    { id: 'L6', was: 'Restarts and clean-up released running locks.' },
    { id: 'L7', was: 'A refresh token was used up although the session check refused or failed.' },
    {
      id: 'L8',
      was: 'Two who set up at once could both delete themselves; somebody added before blocked set-up.',
    },
    { id: 'L9', was: 'Proxies given as CIDR never matched.' },
    { id: 'L10', was: 'The trace of a hashing error held the password; logs held tokens.' },
    { id: 'L11', was: 'Ending all sessions reached the table and not the memory.' },
    { id: 'L12', was: 'A success and a failure at once left lock and count at odds.' },
    {
      id: 'L13',
      was: 'At once, more tickets could be had than the limit, and the refusal was a 409.',
    },
    { id: 'L14', was: 'Sessions of the same instant were listed in any order.' },
    { id: 'L15', was: 'Who disconnected twice was counted twice.' },
    { id: 'L16', was: 'Many 401s at once sent the browser to the sign-in page many times.' },
    {
      id: 'L17',
      was: 'A socket counted as connected before its ticket was taken.',
    },
    {
      id: 'L18',
      was: 'Broken settings fell back to the standard name of a cookie without a word.',
    },
    { id: 'L19', was: 'Tokens of people and of the command line were told apart by nothing.' },
    {
      id: 'L20',
      was: 'Sockets and event streams outlived the end of their session.',
    },
    { id: 'L21', was: 'The CSRF refusal had neither the usual shape nor an id to find it by.' },
    { id: 'L22', was: 'Refresh tokens of somebody deleted could still be used.' },
  ],
}
