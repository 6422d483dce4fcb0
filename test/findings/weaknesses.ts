/**
 * The weaknesses of the design of the system before this one, and the tests, by their ids, that show
 * what stands against each.
 *
 * @module
 */
import type { Chapter } from './line.ts'

export const weaknesses: Chapter = {
  heading: 'Weaknesses of its design',
  lines: [
    {
      id: 'W1',
      was: 'Two parsers of cookies: what one did not see switched CSRF off.',
      by: ['R4.6', 'COOK-01'],
    },
    { id: 'W2', was: 'A CSRF token that nobody had signed.', by: ['CSRF-02', 'CSRF-03'] },
    {
      id: 'W3',
      was: 'A session was good unless it was on a list of bad ones.',
      by: ['JWT-20', 'REV-01'],
    },
    {
      id: 'W4',
      was: 'Revocation, lockout and limits of one process, where several were allowed.',
      by: ['REV-01', 'LOCK-05', 'RT-03', 'L11'],
    },
    { id: 'W5', was: 'Lockout failed open.', by: ['R5.9'] },
    {
      id: 'W6',
      was: 'A new password left a thief’s refresh token alone.',
      by: ['REV-02', 'RT-07'],
    },
    {
      id: 'W7',
      was: 'Refresh tokens without families, replay without effect, access tokens of a day.',
      by: ['RT-01', 'RT-05', 'R5.5'],
    },
    {
      id: 'W8',
      was: 'One secret for everything, without a key id, that could not be rotated.',
      by: ['JWT-08', 'JWT-12', 'RT-18'],
    },
    { id: 'W9', was: 'Whoever came first became the administrator.', by: ['SETUP-01', 'SETUP-03'] },
    { id: 'W10', was: 'Ten wrong guesses locked anybody out.', by: ['LOCK-07', 'LOCK-16'] },
    {
      id: 'W11',
      was: 'Cookies without a prefix, for all subdomains, the last of two winning.',
      by: ['COOK-03', 'COOK-06'],
    },
    {
      id: 'W12',
      was: '“SameSite” was all there was against other sites.',
      by: ['CSRF-15', 'CSRF-18'],
    },
    { id: 'W13', was: 'No idle limit; activity was never written.', by: ['REV-11'] },
    {
      id: 'W14',
      was: 'A limit of sessions that was a race, and evicted in silence.',
      by: ['SESS-02', 'SESS-05'],
    },
    {
      id: 'W15',
      was: 'Names differed by case in one place and not in another.',
      by: ['LOCK-02', 'INP-12'],
    },
    { id: 'W16', was: 'Lockout remembered any number of names.', by: ['LOCK-14'] },
    { id: 'W17', was: 'Guesses at the current password were not counted.', by: ['LOCK-09'] },
    {
      id: 'W18',
      was: 'Guesses sent at once were let in under one count.',
      by: ['LOCK-05', 'LOCK-06'],
    },
    {
      id: 'W19',
      was: 'Corrupt hashes and unknown names could be told by answer or time.',
      by: ['ENUM-01', 'ENUM-02'],
    },
    {
      id: 'W20',
      was: 'Any number of hashes at once, and bodies of 50 MB.',
      by: ['INP-02', 'INP-05'],
    },
    { id: 'W21', was: 'Passwords that are known, or near to the name.' },
    {
      id: 'W22',
      was: 'API keys without scopes, age or prefix.',
      by: ['KEY-01', 'KEY-02', 'KEY-04', 'KEY-08'],
    },
    {
      id: 'W23',
      was: 'Sockets that kept whom they were opened by.',
      by: ['WS-01', 'WS-02', 'WS-03', 'L20'],
    },
    { id: 'W24', was: 'A new role and being disabled ended nothing.', by: ['REV-03', 'REV-04'] },
    { id: 'W25', was: 'Behind a proxy all people were one address.', by: ['L9', 'LOCK-13'] },
    {
      id: 'W26',
      was: 'A 401 left the old cookies; signing out cleared those of other applications.',
      by: ['RT-06', 'HDR-08'],
    },
    {
      id: 'W27',
      was: 'Pages of localhost could call with credentials.',
      by: ['CORS-02', 'CORS-05'],
    },
    {
      id: 'W28',
      was: 'A page of documentation with scripts of others, on the origin of the session.',
      cannot: 'No page here loads anything from elsewhere, and none has a policy of its own.',
      by: ['HDR-02'],
    },
    {
      id: 'W29',
      was: 'Exceptions from guards by patterns that matched too much.',
      by: ['CSRF-11', 'AUTHZ-05', 'MUST-01'],
    },
    {
      id: 'W30',
      was: 'Tokens that told name and role, and were good for anybody with the secret.',
      by: ['JWT-05', 'JWT-14'],
    },
    { id: 'W31', was: 'Making a hash anew would have signed everybody out.' },
    {
      id: 'W32',
      was: 'Locks by one clock and rows by another.',
      by: ['LOCK-15', 'RT-17', 'TIME-01'],
    },
    { id: 'W33', was: 'Instants as text.', by: ['R5.6'] },
    {
      id: 'W34',
      was: 'No second factor, no passkeys, no recovery by mail.',
      later: 'second factors',
    },
    { id: 'W35', was: 'Nobody was told of a new sign-in.', later: 'notices' },
    {
      id: 'W36',
      was: 'Records that could be altered, and told the names people typed.',
      by: ['LOG-05', 'LOG-02', 'ENUM-01'],
    },
    { id: 'W37', was: 'Having to change the password looked like any other 403.', by: ['MUST-01'] },
    { id: 'W38', was: 'A wait said where none was expected was a fault.', by: ['R5.7'] },
    {
      id: 'W39',
      was: 'The token of the command line could not work.',
      cannot: 'The operator has none: the command line works on the database.',
    },
    {
      id: 'W40',
      was: 'Documentation promised what the code did not do.',
      cannot:
        'Reference pages are written from the code, and each promise of the security pages names its tests.',
    },
    {
      id: 'W41',
      was: 'Names written by hand in several places.',
    },
    {
      id: 'W42',
      was: 'No test through a browser: the two worst faults passed 2,600 tests.',
      by: ['L1', 'L2'],
    },
  ],
}
