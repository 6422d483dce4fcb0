/**
 * What the model must notice: one guard of the session machine taken away at a time, in a copy of the
 * source. A place that is not there any more is an error, so that the list stays true.
 *
 * @module
 */
import type { Alteration } from '../server/altered.ts'

const session = 'src/rules/session.ts'
const rotation = 'src/rules/rotation.ts'
const users = 'src/rules/user.ts'
const guard = 'src/http/guard.ts'

/** One file each. */
const one = (file: string, from: string, to: string): readonly Alteration[] => [{ file, from, to }]

export const mutations: Readonly<Record<string, readonly Alteration[]>> = {
  'idle sessions go on': one(session, `if (!(now < session.idleUntil))`, 'if (false)'),
  'sessions have no end': one(session, `if (!(now < session.expiresAt))`, 'if (false)'),
  'ended sessions stand': one(session, `if (session.endedAt !== null)`, 'if (false)'),
  'a moved version ends nothing': one(
    session,
    'version === user.version ? undefined : endingOf(user, version)',
    'undefined',
  ),
  'who idles out is not told who ended it before': one(
    session,
    'ending.at < Math.min(session.idleUntil, session.expiresAt)',
    'false',
  ),
  'what ran out is told as ended later': one(
    session,
    'ending.at < Math.min(session.idleUntil, session.expiresAt)',
    'true',
  ),
  'the last ending is told, not the first': one(
    'src/rules/ending.ts',
    'keptOf(user).find(',
    'keptOf(user).findLast(',
  ),
  'one session too many': one(session, 'others.length - limit + 1', 'others.length - limit'),
  'the newest is evicted': one(
    session,
    'a.createdAt - b.createdAt ||',
    'b.createdAt - a.createdAt ||',
  ),
  'who is idle is not asked': one(session, `limitPolicy === 'evict-idle'`, 'false'),
  'the limit refuses nobody': one(session, `policy.limitPolicy === 'reject'`, 'false'),
  'evictions are not recorded': one(
    session,
    `events: gone.map((other) => event('session.evicted', 'success', { ...by, ...about(other) })),`,
    'events: [],',
  ),
  'who is promoted stays remembered': one(
    'src/flows/users.ts',
    'isPrivileged(user) && !isPrivileged(whom)',
    'false',
  ),
  'the session that came goes on': one(session, `stood ? replace(came, 'logout', now) :`, ''),
  'whoever asks is remembered': one(session, 'remember && policy.remember', 'remember'),
  'owners last as long as members': one(session, 'if (isPrivileged(user))', 'if (false)'),
  'activity is not looked at': one(
    session,
    'if (now - session.lastActiveAt <= Math.min(minute, session.idleFor / 4)) return undefined',
    'return undefined',
  ),
  'activity moves the end too': one(
    session,
    'Math.min(now + session.idleFor, session.expiresAt)',
    'now + session.idleFor',
  ),
  'cookies of a moment ago are cleared': one(session, 'now - replacedAt < 10 * second', 'false'),
  'a replay ends nothing': one(rotation, `keep: [end(session, 'replay', now)],`, 'keep: [],'),
  'a replay is not recorded': one(
    rotation,
    `record: [event('refresh.replayed', 'refused', { subject, session: session.id, address })],`,
    '',
  ),
  'a predecessor is excused for ever': one(
    rotation,
    'Math.abs(now - (rotatedAt ?? 0)) <= leeway',
    'true',
  ),
  'a grandparent is only refused': one(
    'src/rules/refresh-token.ts',
    `token.generation < generation ? 'used' : 'ahead'`,
    `'ahead'`,
  ),
  'a refresh keeps from idling': one(
    rotation,
    'rotatedAt: now,',
    'rotatedAt: now, lastActiveAt: now, idleUntil: now + session.idleFor,',
  ),
  'what is over can be refreshed': one(
    rotation,
    'const over = standing(session, user, shown.instance, now)',
    'const over = undefined',
  ),
  'access tokens live on': one(
    'src/rules/access-token.ts',
    `now < claims.exp * second + skew ? 'valid' : 'expired'`,
    `'valid'`,
  ),
  'a password change ends nothing': one(
    users,
    `...untrusted(user, 'password_changed', now),
  passwordHash,
  mustChangePassword: 0,`,
    '...user, passwordHash, mustChangePassword: 0,',
  ),
  'a reset ends nothing': one(
    users,
    `...untrusted(user, 'password_changed', now),
  passwordHash,
  mustChangePassword: 1,`,
    '...user, passwordHash, mustChangePassword: 1,',
  ),
  'disabling ends nothing': one(
    users,
    `...(ended ? untrusted(user, 'user_disabled', now) : user),`,
    '...user,',
  ),
  'temporary passwords last': one(
    users,
    '(user.temporaryUntil === null || now < user.temporaryUntil)',
    'true',
  ),
  'the disabled sign in': one(users, 'user.disabledAt === null &&', ''),
  'a new role needs no new proof': one(
    users,
    'return moved ? { ...next, proofsVoidUntil: now } : next',
    'return next',
  ),
  'anybody changes anybody': one(
    users,
    'touched.every((role) => isAtLeast(access, me.role, role))',
    'touched',
  ),
  'the last owner may go': one(
    users,
    `was && !isOne && !another ? refuse('last_owner') : undefined`,
    'undefined && was',
  ),
  'a proof never ages': one('src/rules/step-up.ts', 'now < provenAt + window', 'true'),
  'restricted sessions go anywhere': one(
    guard,
    `caller.session.kind === 'restricted' && !guard.restricted`,
    'false',
  ),
  'the CSRF token is not asked for': one(
    guard,
    'if (fault !== undefined) return rejectedToken(site, fault, from, caller)',
    '',
  ),
  'a renewal asks for no CSRF token': one(
    'src/http/routes/auth.ts',
    'if (fault !== undefined) return rejectedToken(site, fault, () => address)',
    '',
  ),
  'polling keeps from idling': one(
    guard,
    `request.headers.get('x-sallyport-passive') === '1' ||`,
    '',
  ),
  'signing out ends nothing': one(
    'src/flows/sessions.ts',
    `const type = reason === 'logout' ? 'auth.signed_out' : 'session.revoked'`,
    `if (reason === 'logout') return { verdict: undefined }; const type = 'session.revoked'`,
  ),
  'what is over is ended again': one(
    'src/flows/sessions.ts',
    'if (!here || !session || standing(session, owner, here, now)) return',
    'if (!here || !session) return',
  ),
  // Looked at twice: where it is looked for, and where it is ended.
  'members end the sessions of others': [
    {
      file: 'src/flows/sessions.ts',
      from: `const all = !me || may(world.access, me, 'sessions:revoke')`,
      to: 'const all = true',
    },
    {
      file: 'src/flows/sessions.ts',
      from: `if (!session || !owner || !(own || may(world.access, by.me, 'sessions:revoke')))`,
      to: 'if (!session || !owner)',
    },
  ],
}
