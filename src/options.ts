/**
 * Options: every setting there is, gathered from beside its rule, and what must hold between them.
 * A start with anything wrong is no start: all of it is said at once.
 *
 * @module
 */
import { trustedProxies } from './http/address.ts'
import { isLoopback } from './http/cookies.ts'
import type { Access } from './rules/access.ts'
import { auditSettings } from './rules/audit-seal.ts'
import { lockoutSettings } from './rules/lockout.ts'
import { accessFrom } from './rules/own-roles.ts'
import { hashingSettings, passwordSettings } from './rules/password.ts'
import { limitSettings } from './rules/rate.ts'
import { revocationSettings } from './rules/revocation.ts'
import { refreshSettings } from './rules/rotation.ts'
import { sessionSettings } from './rules/session.ts'
import type { Choice, Count, Duration, Flag, PolicyOf, Settings, Texts } from './rules/settings.ts'
import { type Said, settle } from './rules/settle.ts'
import { socketSettings } from './rules/socket.ts'
import { stepUpSettings } from './rules/step-up.ts'
import { ticketSettings } from './rules/ticket.ts'

export const settings = {
  publicOrigin: {
    is: 'text',
    default: undefined,
    doc: 'The origin people see in their browser: https, or http on this machine only.',
  },
  database: {
    is: 'text',
    default: 'sqlite:./data/sallyport.db',
    doc: 'Where everything is kept: sqlite:<path>, or postgres://<user>:<password>@<host>/<name>.',
  },
  insecureDatabaseConnection: {
    is: 'flag',
    default: false,
    doc: 'Lets PostgreSQL on another machine be reached without TLS that is verified.',
  },
  secret: {
    is: 'text',
    default: undefined,
    secret: true,
    doc: 'The root secret, 32 bytes or more. On SQLite it is made once, beside the file.',
  },
  secretFile: {
    is: 'text',
    default: undefined,
    doc: 'A file with the root secret: one a line, the first in use, the others to check with.',
  },
  setupToken: {
    is: 'text',
    default: undefined,
    secret: true,
    doc: 'What claims the instance, 32 characters or more, for installs without a person.',
  },
  basePath: {
    is: 'text',
    default: '/api/v1',
    doc: 'The path that everything of the API is under.',
  },
  allowedHosts: {
    is: 'texts',
    default: [],
    doc: 'Hosts answered besides that of publicOrigin, as host or host:port.',
  },
  allowedOrigins: {
    is: 'texts',
    default: [],
    doc: 'Origins of the same site whose pages may call with credentials.',
  },
  trustProxy: {
    is: 'texts',
    default: [],
    doc: 'Networks of the proxies in front, as CIDR: only they are believed about addresses.',
  },
  insecureCookiesForLocalhost: {
    is: 'flag',
    default: false,
    doc: 'Lets a server with a loopback publicOrigin listen beyond this machine.',
  },
  cookies: {
    domain: {
      is: 'text',
      default: undefined,
      doc: 'A domain whose subdomains share the session; costs the lock to one host.',
    },
    sameSite: {
      is: 'choice',
      default: 'strict',
      of: ['strict', 'lax'],
      doc: 'None does not exist here: it needs Secure, and pages of other sites are never let in.',
    },
    names: {
      session: {
        is: 'text',
        default: 'session',
        doc: 'The cookie with the access token, without its prefix.',
      },
      refresh: {
        is: 'text',
        default: 'refresh',
        doc: 'The cookie with the refresh token, without its prefix.',
      },
      csrf: {
        is: 'text',
        default: 'csrf',
        doc: 'The cookie with the CSRF token, without its prefix; tell the client, too.',
      },
      device: {
        is: 'text',
        default: 'device',
        doc: 'The cookie of a trusted device, without its prefix.',
      },
    },
  },
  password: passwordSettings,
  hashing: hashingSettings,
  session: sessionSettings,
  refresh: refreshSettings,
  stepUp: stepUpSettings,
  ticket: ticketSettings,
  socket: socketSettings,
  lockout: lockoutSettings,
  limits: limitSettings,
  revocation: revocationSettings,
  audit: auditSettings,
} as const satisfies Settings

/** All that was settled; `access` is no setting but a table of its own, and is never in the environment. */
export type Policy = PolicyOf<typeof settings> & { readonly access: Access }

/** Options as a host writes them: durations as `15m`, everything optional. */
export type OptionsOf<S> = {
  readonly [N in keyof S]?:
    | (S[N] extends Duration
        ? string
        : S[N] extends Count
          ? number
          : S[N] extends Flag
            ? boolean
            : S[N] extends Choice & { readonly of: readonly (infer C)[] }
              ? C
              : S[N] extends Texts
                ? readonly string[]
                : S[N] extends { readonly is: 'text' }
                  ? string
                  : OptionsOf<S[N]>)
    | undefined
}

/** Nothing starts with these settings; `complaints` says why, one sentence each. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError'
  readonly complaints: readonly string[]

  constructor(complaints: readonly string[]) {
    super(`Sallyport cannot start like this:\n${complaints.map((one) => `- ${one}`).join('\n')}`)
    this.complaints = complaints
  }
}

/** Options as written, one by one. A nested name is dotted. */
export function saidIn(
  options: object,
  as: (path: string) => string = (path) => path,
  above = '',
): Said[] {
  return Object.entries(options).flatMap(([name, value]: [string, unknown]): Said[] => {
    const path = above + name
    if (value === undefined) return []
    if (path !== 'access' && typeof value === 'object' && value !== null && !Array.isArray(value))
      return saidIn(value, as, `${path}.`)
    return [{ path, value, as: as(path), text: false }]
  })
}

/** What was said, settled, and everything that is wrong with it. */
export function settled(said: readonly Said[]): { policy: Policy; complaints: string[] } {
  const own = said.findLast(({ path }) => path === 'access')
  const { access, complaints: wrong } = accessFrom(own?.value, own?.as)
  const { policy: settledOnes, complaints } = settle(
    settings,
    said.filter(({ path }) => path !== 'access'),
  )
  const policy = { ...settledOnes, access }
  return { policy, complaints: [...complaints, ...wrong, ...contradictions(policy)] }
}

/** What is wrong between settings that are each in bounds. */
function contradictions(policy: Policy): string[] {
  const { session, cookies, lockout } = policy
  const origin = originOf(policy.publicOrigin ?? '')
  const wrong: [boolean, string][] = [
    [
      policy.publicOrigin === undefined,
      'publicOrigin: say the origin people see, as in https://app.example.',
    ],
    [
      policy.publicOrigin !== undefined && !origin,
      'publicOrigin: write scheme, host and port only, in lower case, as in https://app.example.',
    ],
    [
      origin?.protocol === 'http:' && !isLoopback(origin.hostname),
      'publicOrigin: http is for this machine only; cookies cannot be secure there. Use https.',
    ],
    [
      !/^(?:\/[a-z0-9_-]+)+$/.test(policy.basePath),
      'basePath: write a path such as /api/v1, without a slash at the end.',
    ],
    [
      !/^(?:sqlite:.|postgres(?:ql)?:\/\/.)/.test(policy.database) ||
        (policy.database.startsWith('postgres') && !URL.canParse(policy.database)),
      'database: write sqlite:<path> or postgres://<user>:<password>@<host>/<name>.',
    ],
    [
      !policy.insecureDatabaseConnection && isReachedInTheClear(policy.database),
      'database: PostgreSQL on another machine is reached over TLS that is verified. End the URL with ?sslmode=verify-full.',
    ],
    [
      policy.setupToken !== undefined && policy.setupToken.length < 32,
      'setupToken: use 32 characters or more.',
    ],
    [
      policy.secret !== undefined && policy.secretFile !== undefined,
      'secret, secretFile: give one of the two.',
    ],
    [
      session.accessLifetime >= Math.min(session.absolute, session.privilegedAbsolute),
      'session.absolute: what renews an access token must outlive it; make it longer than session.accessLifetime.',
    ],
    [
      policy.audit.sink !== undefined &&
        !/^(?:stdout|(?:udp|tcp|tls):\/\/(?:[\w.-]+|\[[\da-f:]+\]):\d{1,5})$/i.test(
          policy.audit.sink,
        ),
      'audit.sink: write stdout, or udp://, tcp:// or tls:// with a host and a port.',
    ],
    [session.idle > session.absolute, 'session.idle: not longer than session.absolute.'],
    [
      session.privilegedIdle > session.privilegedAbsolute,
      'session.privilegedIdle: not longer than session.privilegedAbsolute.',
    ],
    [
      session.rememberedIdle > session.rememberedAbsolute,
      'session.rememberedIdle: not longer than session.rememberedAbsolute.',
    ],
    [lockout.duration > lockout.longest, 'lockout.duration: not longer than lockout.longest.'],
    [
      lockout.consecutive < lockout.threshold,
      'lockout.consecutive: not below lockout.threshold, or nothing ever rests for a while.',
    ],
    [
      cookies.domain !== undefined &&
        !(isHost(cookies.domain) && origin && isWithin(origin.hostname, cookies.domain)),
      'cookies.domain: a domain that publicOrigin is in, as in example.org.',
    ],
  ]
  const proxies = trustedProxies(policy.trustProxy)
  const names = Object.entries(cookies.names)
  return [
    ...wrong.filter(([is]) => is).map(([, sentence]) => sentence),
    ...names
      .filter(([, name]) => !/^(?!__)[A-Za-z0-9_-]{1,64}$/.test(name))
      .map(
        ([kind]) => `cookies.names.${kind}: letters, digits, - and _, and no prefix of its own.`,
      ),
    ...(new Set(names.map(([, name]) => name.toLowerCase())).size < names.length
      ? ['cookies.names: give each cookie a name of its own.']
      : []),
    ...policy.allowedHosts
      .filter((host) => URL.parse(`http://${host}`)?.host !== host)
      .map(
        (host) => `allowedHosts: "${host}" is not a host, as in app.example or app.example:8080.`,
      ),
    ...policy.allowedOrigins
      .filter((one) => !origin || !isSameSite(originOf(one), origin))
      .map((one) => `allowedOrigins: "${one}" is not an origin of the same site as publicOrigin.`),
    ...(proxies.ok ? [] : proxies.complaints.map((one) => `trustProxy: ${one}.`)),
  ]
}

/**
 * Whether a PostgreSQL elsewhere would be spoken to unencrypted, or without knowing that it is the one.
 *
 * @see OWASP ASVS 5.0 V12.3.1
 */
function isReachedInTheClear(database: string): boolean {
  const url = /^postgres(?:ql)?:/.test(database) ? URL.parse(database) : null
  if (!url) return false
  // As the driver has it: a host in the query takes the place of the other, and the last one counts.
  const host = (url.searchParams.getAll('host').at(-1) || url.hostname).toLowerCase()
  const isHere = /^(?:\/|%2f)/.test(host) || isLoopback(host) || host === '::1'
  const modes = url.searchParams.getAll('sslmode')
  return !isHere && (modes.length === 0 || modes.some((mode) => mode !== 'verify-full'))
}

function originOf(text: string): URL | undefined {
  const url = URL.parse(text)
  return url && /^https?:$/.test(url.protocol) && url.origin === text && !text.includes('*')
    ? url
    : undefined
}

const isHost = (host: string): boolean => /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/.test(host)
const isWithin = (host: string, domain: string): boolean =>
  host === domain || host.endsWith(`.${domain}`)

/**
 * Whether two origins look like one site: one host, or one within the other, or siblings. Browsers
 * know the list of public suffixes and have the last word, by `Sec-Fetch-Site`, on each request.
 */
function isSameSite(one: URL | undefined, other: URL): boolean {
  if (!one || one.protocol !== other.protocol) return false
  const [a, b] = [one.hostname, other.hostname]
  const parent = a.slice(a.indexOf('.') + 1)
  return isWithin(a, b) || isWithin(b, a) || (parent.includes('.') && isWithin(b, parent))
}
