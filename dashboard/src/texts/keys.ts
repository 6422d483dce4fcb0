/** What is said about API keys. */

const count = (number: number, one: string, many: string) =>
  number === 1 ? `one ${one}` : `${number} ${many}`

export const keys = {
  title: 'API keys',
  lead: 'With a key a program acts in your name. It may do what you allow it, and never more than you may yourself.',
  empty: 'No program has a key of yours.',
  emptyText: 'Make one for a script, a scraper of metrics or another server.',
  make: 'Make a key',
  made: 'Made',
  ends: 'Ends',
  over: 'Expired',
  used: 'Last used',
  never: 'Never used',
  earlier: 'The earlier secret works until',

  makeTitle: 'Make a key',
  name: 'Name',
  nameHelp: 'What will use it, so that you know it again.',
  nameMissing: 'Give it a name.',
  scopes: 'What it may do',
  noScopes: 'Your role has no permissions to pass on: the key can only show who you are.',
  life: 'Ends after',
  days: (days: number) => count(days, 'day', 'days'),
  submit: 'Make the key',
  done: (name: string) => `The key “${name}” is made`,
  once: 'Put it where your program finds it. It is not shown again; who has it acts in your name.',
  secret: 'API key',

  rotate: 'Rotate',
  rotateOf: (name: string) => `Rotate the key: ${name}`,
  rotateTitle: (name: string) => `Give “${name}” another secret?`,
  rotateText:
    'The key stays the same; only its secret is another. The earlier one goes on working for a while, so that your program misses nothing.',
  overlap: 'The earlier secret works for',
  overlaps: {
    0: 'not a moment longer',
    3600: 'one hour',
    86400: 'one day',
    604800: 'one week',
  } as Readonly<Record<number, string>>,
  rotated: (name: string) => `The new secret of “${name}”`,

  revoke: 'End',
  revokeOf: (name: string) => `End the key: ${name}`,
  revokeTitle: (name: string) => `End the key “${name}”?`,
  revokeText: 'Whatever uses it is refused from now on. This cannot be taken back.',
  revoked: 'The key has ended.',

  /** What a permission lets one do. By name; a name not here is shown as it is. */
  permissions: {
    'sessions:read': 'See everybody’s sessions',
    'sessions:revoke': 'End anybody’s session',
    'users:read': 'See people',
    'users:write': 'Change people',
    'lockouts:read': 'See names at rest',
    'audit:read': 'Read the audit log',
    'metrics:read': 'Read the metrics',
  } as Readonly<Record<string, string>>,
} as const
