/**
 * ASVS 5.0 V9, self-contained tokens, and V10, OAuth where it fits a sign-in of one's own.
 *
 * @module
 */
import { type Chapter, met, unmet } from './row.ts'

export const tokens: Chapter = {
  heading: 'V9 Self-contained tokens',
  rows: [
    met(
      '9.1.1',
      1,
      'Signed before anything in it is believed',
      'The raw header is looked up, then the MAC, and only then is the rest read.',
      'JWT-01',
      'JWT-09',
      'JWT-11',
    ),
    met('9.1.2', 1, 'Listed algorithms only', 'HS256; there is no other.', 'JWT-01', 'JWT-02'),
    met(
      '9.1.3',
      1,
      'Keys from the own configuration only',
      'A header that is not one of ours, byte for byte, is foreign.',
      'JWT-03',
    ),
    met(
      '9.2.1',
      1,
      'The time a token is good for is looked at',
      '`iat` and `exp` are required; five seconds of skew.',
      'JWT-05',
      'JWT-06',
      'JWT-07',
    ),
    met(
      '9.2.2',
      2,
      'A token is good for one purpose',
      'A key of its own for each purpose, and `typ`.',
      'JWT-08',
      'JWT-15',
    ),
    met('9.2.3', 2, 'The audience is looked at', '`aud` is this instance.', 'JWT-05', 'JWT-14'),
    met(
      '9.2.4',
      2,
      'One key, one audience',
      'Keys are derived with the instance’s id.',
      'JWT-14',
      'src/rules/keys.test.ts: every purpose and generation has a key of its own',
    ),
  ],
}

export const oauth: Chapter = {
  heading: 'V10 OAuth, by analogy',
  rows: [
    met(
      '10.1.1',
      2,
      'Tokens are where they are needed',
      'Scripts never see one.',
      'LOG-02',
      'XSS-04',
    ),
    met('10.3.1', 2, 'Only tokens for this service', '`aud` is looked at.', 'JWT-14'),
    met(
      '10.3.2',
      2,
      'What was delegated is what may be done',
      'Scopes of keys, in the guard.',
      'KEY-02',
    ),
    met(
      '10.3.3',
      2,
      'People are known by what is never given to another',
      'A random id; a name may be taken again.',
      'REV-13',
      'AUTHZ-12',
    ),
    met(
      '10.3.4',
      2,
      'How lately somebody authenticated is looked at',
      'An instant on the session’s row.',
      'STEP-01',
      'STEP-02',
    ),
    unmet(
      '10.3.5',
      3,
      'Tokens are bound to who sends them',
      'Cookies are what browsers have; binding them to the device (DBSC) is not widely there.',
    ),
    met(
      '10.4.5',
      1,
      'A used refresh token ends all that came of it',
      'The session ends in the step that finds it.',
      'RT-01',
      'RT-02',
      'RT-03',
      'RT-05',
      'RT-11',
      'RT-12',
    ),
    met(
      '10.4.8',
      2,
      'Refreshing ends at some time',
      'At the session’s absolute limit, kept on the row.',
      'RT-13',
    ),
    met(
      '10.4.9',
      2,
      'People can end their tokens',
      'Sessions and keys, one by one.',
      'REV-08',
      'KEY-01',
    ),
  ],
  without: [
    [
      '10.1.2, 10.2.1, 10.2.2, 10.2.3, 10.4.1, 10.4.2, 10.4.3, 10.4.4, 10.4.6, 10.4.7, 10.4.10, 10.4.11, 10.4.12, 10.4.13, 10.4.14, 10.4.15, 10.4.16, 10.5.1, 10.5.2, 10.5.3, 10.5.4, 10.5.5, 10.6.1, 10.6.2, 10.7.1, 10.7.2, 10.7.3',
      'neither client nor server of OAuth or OIDC',
    ],
  ],
}
