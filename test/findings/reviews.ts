/**
 * What reviewers found in the system before this one, line by line, with their numbers: G and C are the
 * first two reviewers, R1 to R7 the rounds of the third, P the author's own review.
 *
 * @module
 */
import type { Chapter } from './line.ts'

const formatted = 'Formatting and imports are checked by `npm run check`.'
const oneWorld =
  'Settings are settled once at the start and handed to every flow as one value; there is no half of it.'
const realThings =
  'Tests run on real databases, through the real surface; there are no doubles of ours.'

const first: Chapter = {
  heading: 'The first reviewers',
  lines: [
    {
      id: 'G1',
      was: 'A construct called a syntax error that was none (three places).',
      cannot: 'It is a matter of another language; ours is compiled.',
    },
    { id: 'G2', was: 'As G1.', cannot: 'As G1.' },
    { id: 'G3', was: 'As G1.', cannot: 'As G1.' },
    { id: 'C1', was: 'As G1.', cannot: 'As G1.' },
    { id: 'C2', was: 'As G1.', cannot: 'As G1.' },
    { id: 'C3', was: 'As G1.', cannot: 'As G1.' },
    { id: 'C4', was: 'A locked name was refused without saying for how long.' },
    {
      id: 'C5',
      was: 'A refresh token was used up in one statement and read in another; a clean-up between lost it.',
    },
    { id: 'C6', was: 'Two imports of one module.', cannot: formatted },
    { id: 'C7', was: 'Indentation.', cannot: formatted },
    { id: 'C8', was: 'Indentation.', cannot: formatted },
  ],
}

const round1: Chapter = {
  heading: 'Round 1',
  lines: [
    { id: 'R1.1', was: 'Refreshing was exempt from CSRF.' },
    { id: 'R1.2', was: 'Settings were fetched twice in one set-up.', cannot: oneWorld },
    { id: 'R1.3', was: 'Settings were fetched twice in one sign-in.', cannot: oneWorld },
    { id: 'R1.4', was: 'A negative session limit was taken.' },
    { id: 'R1.5', was: 'A negative wait was told.' },
    { id: 'R1.6', was: 'Clean-up of guesses read the whole table for want of an index.' },
    { id: 'R1.7', was: 'A refresh token of an ended session could be used.' },
    {
      id: 'R1.8',
      was: 'A test looped over values instead of naming each.',
      cannot: 'A matter of style: tables of cases are `test.each` here.',
    },
    { id: 'R1.9', was: 'A test built a store without its constructor.', cannot: realThings },
    { id: 'R1.10', was: 'Made-up state was copied between tests.', cannot: realThings },
    {
      id: 'R1.11',
      was: 'A test found a middleware by its position.',
      cannot: 'There is no chain of middlewares: the way of a request is one function.',
    },
    { id: 'R1.12', was: 'A socket went on after its person was signed out.' },
    { id: 'R1.13', was: 'The imitated server of the front end’s tests set no CSRF cookie.' },
    { id: 'R1.14', was: 'Whether set-up was done was yes or no, never not known.' },
    { id: 'R1.15', was: 'A network failure at the start counted as signed out.' },
    { id: 'R1.16', was: 'The client cut the CSRF token at its second “=”.' },
    { id: 'R1.17', was: 'After a change of password the old session stayed good.' },
    {
      id: 'R1.18',
      was: 'A test of the development bypass did not look at what it should skip.',
    },
  ],
}

const round2: Chapter = {
  heading: 'Rounds 2 and 3',
  lines: [
    { id: 'R2.1', was: 'Refreshing was switched on, but its cookie never given.' },
    {
      id: 'R2.2',
      was: 'Signing out reached for a store that might not be there.',
      cannot: 'The world is opened whole, or nothing starts.',
    },
    { id: 'R2.3', was: 'The guess that filled the count was told “wrong password”.' },
    { id: 'R2.4', was: 'What happened to refresh tokens was not recorded.' },
    { id: 'R2.5', was: 'A sign-out that failed on the server looked done.' },
    { id: 'R2.6', was: 'A cookie that cannot be decoded broke every request of the client.' },
    {
      id: 'R2.7',
      was: 'The current session was looked up again by other rules than the caller was: a stale cookie hid it.',
    },
    { id: 'R3.1', was: 'A late import.', cannot: formatted },
    { id: 'R3.2', was: 'State was read twice in one sign-out.', cannot: oneWorld },
    { id: 'R3.3', was: 'A refresh token was given out before it was kept.' },
  ],
}

const round4: Chapter = {
  heading: 'Round 4',
  lines: [
    { id: 'R4.1', was: 'A replayed refresh token was logged and nothing else.' },
    {
      id: 'R4.2',
      was: '“SameSite=None” without “Secure”, and two cookies of one name, were taken.',
    },
    { id: 'R4.3', was: 'The refresh cookie was set before the token was kept.' },
    {
      id: 'R4.4',
      was: 'The CSRF cookie was gone before the refresh cookie, so that refreshing failed.',
    },
    { id: 'R4.5', was: 'A request with the refresh cookie alone needed no CSRF token.' },
    { id: 'R4.6', was: 'A malformed Cookie header was a fault, and later passed the CSRF check.' },
    { id: 'R4.7', was: 'A restart began a lock anew.' },
    { id: 'R4.8', was: 'A request without credentials was refused and left no trace.' },
    { id: 'R4.9', was: 'The headers allowed across origins were a list of their own.' },
    { id: 'R4.10', was: 'A wait of 0 was left out.' },
    { id: 'R4.11', was: 'When lockout could not start, that was not handled.' },
    {
      id: 'R4.12',
      was: 'A flag in the database could hold any number.',
      cannot:
        'Whether a refresh token was used is no flag: it is the current one, its predecessor, or neither.',
    },
    {
      id: 'R4.13',
      was: 'A helper of the tests took a missing cookie for an empty one.',
      cannot:
        'A browser of the tests keeps what it was given, and each test says which cookies it expects.',
    },
    { id: 'R4.14', was: 'As R4.13.', cannot: 'As R4.13.' },
    { id: 'R4.15', was: 'That one of two wins was tested on one connection only.' },
    { id: 'R4.16', was: 'After signing in the client never loaded the person.' },
    { id: 'R4.17', was: 'A 401 on an event stream knew nothing of the development bypass.' },
  ],
}

const round5: Chapter = {
  heading: 'Round 5',
  lines: [
    { id: 'R5.1', was: 'Refresh tokens were given, with nowhere to use them.' },
    { id: 'R5.2', was: 'The wait told was the length of a lock, not what remained.' },
    { id: 'R5.3', was: 'Restarts and clean-up dropped locks that still ran.' },
    { id: 'R5.4', was: 'Whether the session still stood was asked only if somebody had wired it.' },
    { id: 'R5.5', was: 'Clean-up took away what showed that a token had been used.' },
    { id: 'R5.6', was: 'Instants were kept as text, in any zone.' },
    { id: 'R5.7', was: 'A wait could be of any type.' },
    { id: 'R5.8', was: 'The client expected cookies to be parted by a semicolon and a space.' },
    { id: 'R5.9', was: 'Without its store lockout let everybody guess.' },
    {
      id: 'R5.10',
      was: 'Clean-up of refresh tokens was hardly logged.',
      cannot: 'There is no table of refresh tokens to clean up: a session’s row knows its own two.',
    },
    { id: 'R5.11', was: 'A test looked at no cookie after signing in.', cannot: 'As R4.13.' },
  ],
}

const rounds67: Chapter = {
  heading: 'Rounds 6 and 7',
  lines: [
    { id: 'R6.1', was: 'A malformed instant in the database was a fault while refreshing.' },
    {
      id: 'R6.2',
      was: 'Tests and client wrote the names of cookies by hand.',
    },
    { id: 'R6.3', was: 'What refreshing an ended session does was not tested.' },
    { id: 'R6.4', was: 'A CSRF cookie that cannot be read was passed over in silence.' },
    { id: 'R7.1', was: 'That one of many wins at once was not tested.' },
  ],
}

const own: Chapter = {
  heading: 'The author’s own review',
  lines: [
    { id: 'P1', was: 'The session limit was not asked in set-up and sign-in.' },
    { id: 'P2', was: 'The wait of a refusal did not reach the answer.' },
    { id: 'P3', was: 'A change of password left the cookie as it was.' },
    { id: 'P4', was: 'The client read the list of sessions wrongly, and its scope not at all.' },
    {
      id: 'P5',
      was: 'Documentation was behind.',
      cannot:
        'Reference pages are written from the code, and `npm run check` fails when they differ.',
    },
    { id: 'P6', was: 'The CSRF check spelled paths otherwise than the router.' },
    { id: 'P7', was: 'Names were locked by how they were typed.' },
    { id: 'P8', was: 'Locks were forgotten at a restart.' },
    {
      id: 'P9',
      was: 'Clean-up was recorded under the wrong name.',
      cannot: 'An event that is not in the table does not compile.',
    },
    { id: 'P10', was: 'The name of a cookie could be blank.' },
    { id: 'P11', was: 'A session cookie that failed left no trace.' },
    {
      id: 'P12',
      was: 'Refresh tokens had no index by session, and outlived it.',
      cannot: 'They are columns of the session’s row.',
    },
    { id: 'P13', was: 'An empty CSRF header was sent with event streams.' },
    { id: 'P14', was: 'A network failure counted as 401.' },
    { id: 'P15', was: 'As C5.', cannot: 'As C5, which a test shows.' },
    { id: 'P16', was: 'What renews a session could be set to end before what it renews.' },
    { id: 'P17', was: 'A token could end before it began.' },
    { id: 'P18', was: 'Descriptions of functions were missing.', cannot: 'A matter of reading.' },
    {
      id: 'P19',
      was: 'An error class that nobody used.',
      cannot: '`npm run check` finds dead code.',
    },
    { id: 'P20', was: 'The CSRF refusal had neither code nor category.' },
  ],
}

export const reviews: readonly Chapter[] = [first, round1, round2, round4, round5, rounds67, own]
