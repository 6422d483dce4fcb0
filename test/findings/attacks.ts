/**
 * The attacks that are tried, by family and case. One that is in the title of no test says why.
 *
 * @module
 */

export interface Family {
  readonly name: string
  /** What is feared. */
  readonly about: string
  readonly cases: readonly string[]
  /** By number: why no test carries it. Not built yet, or nothing here that it could be tried on. */
  readonly without?: Readonly<Record<string, string>>
}

const all = (numbers: readonly string[], why: string): Readonly<Record<string, string>> =>
  Object.fromEntries(numbers.map((number) => [number, why]))

const keys = ['01', '02', '03', '04', '06', '08', '09', '10']
const sockets = ['01', '02', '03', '04', '05', '06', '08', '09', '11', '12']
const campaigns = 'a campaign, not yet run with the tests'

export const families: readonly Family[] = [
  {
    name: 'CSRF',
    about: 'another page acts for a person',
    cases: [
      ...['01', '02', '03', '05', '06', '08', '09', '11', '13', '14', '15', '17', '18', '19'],
      ...['20', '21', '22'],
    ],
  },
  { name: 'FIX', about: 'session fixation', cases: ['01', '02', '04', '05'] },
  {
    name: 'COOK',
    about: 'cookies',
    cases: ['01', '02', '03', '04', '06', '07', '08', '10'],
    without: {
      '10': 'the scheme of a request is not looked at: cookies are `Secure`, and the public origin is https or this machine',
    },
  },
  {
    name: 'JWT',
    about: 'the access token',
    cases: [
      ...['01', '02', '03', '05', '06', '07', '08', '09', '11', '12', '13', '14', '15', '17'],
      ...['19', '20'],
    ],
  },
  {
    name: 'REV',
    about: 'revocation',
    cases: ['01', '02', '03', '04', '05', '07', '08', '11', '13'],
  },
  {
    name: 'RT',
    about: 'refresh',
    cases: [
      ...['01', '02', '03', '05', '06', '07', '09', '11', '12', '13', '14', '15', '16', '17'],
      '18',
    ],
  },
  {
    name: 'LOCK',
    about: 'guessing passwords',
    cases: ['01', '02', '04', '05', '06', '07', '09', '11', '12', '13', '14', '15', '16'],
    without: { '04': 'there is one name to sign in with, and no e-mail address' },
  },
  {
    name: 'ENUM',
    about: 'finding out who there is',
    cases: ['01', '02', '04', '05', '06', '07'],
  },
  { name: 'SETUP', about: 'the first run', cases: ['01', '02', '03', '06', '07', '08'] },
  { name: 'SESS', about: 'the session limit', cases: ['01', '02', '04', '05'] },
  {
    name: 'AUTHZ',
    about: 'access control',
    cases: ['01', '02', '03', '04', '05', '06', '07', '08', '10', '11', '12', '13', '14'],
  },
  {
    name: 'MUST',
    about: 'the forced change of password',
    cases: ['01', '02', '03', '04', '06', '07'],
  },
  { name: 'STEP', about: 'the fresh proof', cases: ['01', '02', '03', '04'] },
  { name: 'KEY', about: 'API keys', cases: keys },
  { name: 'WS', about: 'sockets', cases: sockets },
  { name: 'SSE', about: 'event streams', cases: ['01', '02', '03'] },
  { name: 'CORS', about: 'other origins', cases: ['01', '02', '03', '04', '05'] },
  {
    name: 'HDR',
    about: 'headers, hosts, proxies',
    cases: ['01', '02', '03', '05', '06', '07', '08', '09', '10', '12', '13'],
  },
  {
    name: 'REDIR',
    about: 'being sent elsewhere',
    cases: ['01', '02', '03'],
  },
  {
    name: 'XSS',
    about: 'markup that was stored',
    cases: ['01', '02', '03', '04'],
  },
  {
    name: 'LOG',
    about: 'log and audit',
    cases: ['01', '02', '03', '04', '05', '06', '07'],
  },
  {
    name: 'INP',
    about: 'input',
    cases: [
      ...['01', '02', '03', '04', '05', '06', '07', '08', '09', '10', '12', '14', '15', '16'],
    ],
  },
  {
    name: 'RAND',
    about: 'chance',
    cases: ['01', '02', '03'],
  },
  {
    name: 'TIME',
    about: 'clocks',
    cases: ['01', '02', '03'],
    without: { '02': campaigns, '03': campaigns },
  },
  {
    name: 'FAULT',
    about: 'crashes, disks, databases',
    cases: ['01', '02', '03', '04', '05', '06', '07', '08', '10', '11', '12', '13', '14'],
    without: all(['07', '08', '10', '11', '14'], campaigns),
  },
  {
    name: 'SUP',
    about: 'secrets and supply',
    cases: ['01', '02', '03', '04', '05', '06', '07'],
    without: {
      '06': campaigns,
    },
  },
]
