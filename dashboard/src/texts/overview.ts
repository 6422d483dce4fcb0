/** What is said about how things stand: figures, servers, health. */

export const overview = {
  title: 'Overview',
  lead: 'How things stand, and what happened in the last 24 hours.',
  glance: 'At a glance',
  liveSessions: (count: number) => (count === 1 ? 'live session' : 'live sessions'),
  people: (count: number) => (count === 1 ? 'person' : 'people'),
  restingNames: (count: number) => (count === 1 ? 'name at rest' : 'names at rest'),
  andMore: (count: string) => `${count}+`,

  signedIn: 'Sign-ins',
  refused: 'Refused sign-ins',
  inAll: (count: string) => `${count} in 24 hours`,
  hour: 'Hour',
  asTable: 'As a table',
  most: 'In an hour of more than a thousand records only the newest thousand are counted.',

  nodes: 'Servers',
  nodesLead:
    'Every server of this instance that is running, and whether it has heard of all that was revoked.',
  thisNode: 'Answers you now',
  upToDate: 'Has heard everything',
  behind: (count: number) => `${count} behind`,
  lease: (seconds: string) => `Answers from memory for ${seconds} s at most`,
} as const

export const health = {
  title: 'Health',
  lead: 'Whether this instance can do its work, as the server that answers you sees it.',
  again: 'Look again',
  checks: 'Checks',
  sum: {
    good: 'All is well.',
    warning: 'It works. Something could be better.',
    bad: 'Something needs you.',
  },
  states: { warning: 'Look at it', bad: 'Mend it' },
  names: {
    database: 'Database',
    feed: 'Revocations',
    'database.clock': 'Clock of the database',
    'database.disk': 'Disk',
    'database.durability': 'Durable writes',
    'database.journal': 'Journal',
    'database.latency': 'Time to answer',
    'database.migrations': 'Migrations',
    'database.writable': 'Writable',
    settings: 'Settings',
    'settings.cookies': 'Domain of cookies',
    'settings.database': 'Way to the database',
    'settings.host': 'Address to listen at',
    'settings.limits': 'Limits',
    'settings.password': 'Length of passwords',
    'settings.sameSite': 'Cookies from other sites',
    'settings.secret': 'Root secret',
    'settings.trustProxy': 'Trusted proxies',
  } as Readonly<Record<string, string>>,
  good: ['ok', 'fresh'] as readonly string[],
  values: {
    ok: 'Answers',
    unavailable: 'Does not answer',
    fresh: 'Heard everywhere at once',
    behind: 'Not heard for too long: every check reads the database',
  } as Readonly<Record<string, string>>,
} as const
