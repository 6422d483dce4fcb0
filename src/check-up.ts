/**
 * Check-up: what can be said of an instance from where it runs: its settings, its database and the disk
 * under that. The doctor asks it beside a server, the dashboard asks it of the server.
 *
 * @module
 */
import { statfs } from 'node:fs/promises'
import { dirname } from 'node:path'
import { isLoopback } from './http/cookies.ts'
import { settings as all, type Policy } from './options.ts'
import { type Clock, Unavailable } from './ports.ts'
import { bad, type Finding, good, ofClock, ofDisk, ofLatency, warning } from './rules/doctor.ts'
import { type Look, lookAt } from './stores/look.ts'
import { sqliteFile } from './world.ts'

/** Everything that can be said while the server runs. */
export async function checkUp(policy: Policy, clock: Clock): Promise<readonly Finding[]> {
  const [database, disk] = await Promise.all([ofDatabase(policy, clock), diskOf(policy)])
  return [...ofSettings(policy), ...database, ...disk]
}

/** Settings that are allowed, and cost something. */
function ofSettings(policy: Policy): Finding[] {
  const wide = policy.trustProxy.filter((one) => /\/[1-7]$/.test(one))
  const off = Object.entries(policy.limits).filter(([, limit]) => limit === 0)
  const { minLength } = policy.password
  const costly: [boolean, Finding][] = [
    [
      wide.length > 0,
      bad(
        'settings.trustProxy',
        `trustProxy believes half the world (${wide.join(', ')}): from there any address can be claimed.`,
        'Name only the networks of your proxies.',
      ),
    ],
    [
      off.length > 0,
      warning(
        'settings.limits',
        `Limits are off: ${off.map(([name]) => `limits.${name}`).join(', ')}.`,
        'Leave them out of the settings: the defaults hinder nobody.',
      ),
    ],
    [
      minLength < all.password.minLength.default,
      warning(
        'settings.password',
        `Passwords of ${minLength} characters will do (password.minLength).`,
        'Take 15: there is no second factor yet (NIST SP 800-63B-4).',
      ),
    ],
    [
      policy.cookies.domain !== undefined,
      warning(
        'settings.cookies',
        `Every host under ${policy.cookies.domain} is sent the session, and can plant another (cookies.domain).`,
        'Leave it out unless several hosts share one sign-in.',
      ),
    ],
    [
      policy.cookies.sameSite !== 'strict',
      warning(
        'settings.sameSite',
        'Cookies come along when other sites link here (cookies.sameSite).',
        'Take strict unless links from elsewhere must find people signed in.',
      ),
    ],
    [
      policy.insecureDatabaseConnection,
      warning(
        'settings.database',
        'PostgreSQL is reached without TLS that is verified (insecureDatabaseConnection).',
        'End the URL with ?sslmode=verify-full, and leave the setting out.',
      ),
    ],
    [
      isCarriedInTheClear(policy.audit.sink),
      warning(
        'settings.audit',
        'The audit goes to another machine unencrypted (audit.sink).',
        'Take tls://, unless nobody else is on that network.',
      ),
    ],
    [
      policy.insecureCookiesForLocalhost,
      warning(
        'settings.host',
        'The server listens beyond this machine with cookies that are not Secure.',
        'Set publicOrigin to the https origin people use; leave insecureCookiesForLocalhost out.',
      ),
    ],
    [
      policy.secret !== undefined,
      warning(
        'settings.secret',
        'The root secret is given as text: no command can rotate it.',
        'Write it to a file of its own, mode 600, and name that in secretFile.',
      ),
    ],
  ]
  const found = costly.filter(([is]) => is).map(([, finding]) => finding)
  return found.length > 0 ? found : [good('settings', 'Nothing is set that costs safety.')]
}

/** @see OWASP ASVS 5.0 V12.3.1 */
function isCarriedInTheClear(sink: string | undefined): boolean {
  const to = /^(?:udp|tcp):/i.test(sink ?? '') ? URL.parse(sink ?? '') : null
  return to !== null && !isLoopback(to.hostname)
}

async function ofDatabase({ database }: Policy, clock: Clock): Promise<Finding[]> {
  try {
    const look = await lookAt(database, clock)
    if (look) return ofLook(look, clock.now())
    return [
      bad('database', 'There is no database yet.', 'Start the server once, or sallyport migrate.'),
    ]
  } catch (error) {
    const why =
      error instanceof Unavailable ? error.message : `it cannot be read (${String(error)})`
    return [
      bad(
        'database',
        `The database cannot be used: ${why}.`,
        'See that it runs, that `database` names it, and that this user may read and write it.',
      ),
    ]
  }
}

function ofLook({ dialect, version, migrations, settings, latency, now }: Look, here: number) {
  const { done, pending, unknown } = migrations
  const sqlite = dialect === 'sqlite'
  const mode = settings.journal_mode
  const off = ['fsync', 'full_page_writes'].filter((name) => settings[name] === 'off')
  return [
    good('database', `${version}; ${done.length} migrations done.`),
    ofLatency(latency),
    ...(pending.length > 0
      ? [
          warning(
            'database.migrations',
            `Migrations wait: ${pending.join(', ')}.`,
            'Back up, then start the server, or sallyport migrate.',
          ),
        ]
      : []),
    ...(unknown.length > 0
      ? [
          bad(
            'database.migrations',
            `The database belongs to a newer Sallyport (${unknown.join(', ')}).`,
            'Run that version or a later one.',
          ),
        ]
      : []),
    ...(sqlite && mode !== 'wal'
      ? [
          bad(
            'database.journal',
            `The SQLite file is in journal mode ${mode}, so readers and writers wait for each other.`,
            'Start the server once: it sets wal. On a network disk wal does not work: use a local one.',
          ),
        ]
      : []),
    ...off.map((name) =>
      bad(
        'database.durability',
        `PostgreSQL runs with ${name} = off: a loss of power can lose what was answered.`,
        `Set ${name} = on in postgresql.conf, and reload.`,
      ),
    ),
    ...(settings.default_transaction_read_only === 'on'
      ? [
          bad(
            'database.writable',
            'This PostgreSQL only reads.',
            'Name the primary in `database`, not a replica.',
          ),
        ]
      : []),
    ...(sqlite ? [] : [ofClock('database.clock', now - here, 'PostgreSQL')]),
  ]
}

/** Kinds of file systems on which locks of SQLite do not hold, by `f_type` of statfs(2). */
const network = new Map([
  [0x6969, 'NFS'],
  [0xff534d42, 'SMB'],
  [0xfe534d42, 'SMB'],
  [0x517b, 'SMB'],
])

async function diskOf(policy: Policy): Promise<Finding[]> {
  const file = sqliteFile(policy)
  if (file === undefined) return []
  const folder = dirname(file)
  const seen = await statfs(folder).catch(() => undefined)
  if (!seen) return []
  const { type, bavail, bsize, blocks } = seen
  const far = network.get(type >>> 0)
  return [
    ofDisk({ free: bavail * bsize, total: blocks * bsize }, folder),
    ...(far === undefined
      ? []
      : [
          bad(
            'database.disk',
            `${folder} is on a network disk (${far}), where SQLite may damage the file.`,
            'Put the file on a local disk, or use PostgreSQL.',
          ),
        ]),
  ]
}
