/**
 * Every page of the dashboard by its address, and who may stand there. Data only: the router, the
 * gate and the way round are made from it, and the build hands the addresses to the server.
 */

interface Rules {
  /**
   * `outside`: for who is not signed in. `restricted`: for a session that must change its password
   * first. `inside`: for who is signed in.
   */
  readonly for: 'outside' | 'restricted' | 'inside'
  /** Without this permission the page says that it is not for you. */
  readonly needs?: string
}

/** `$name` stands for one segment of a path. */
export const places = {
  '/': { for: 'inside' },
  '/setup': { for: 'outside' },
  '/sign-in': { for: 'outside' },
  '/change-password': { for: 'restricted' },
  '/account/sessions': { for: 'inside' },
  '/account/password': { for: 'inside' },
  '/account/devices': { for: 'inside' },
  '/account/keys': { for: 'inside' },
  '/account/activity': { for: 'inside' },
  '/users': { for: 'inside', needs: 'users:read' },
  '/users/$id': { for: 'inside', needs: 'users:read' },
  '/sessions': { for: 'inside', needs: 'sessions:read' },
  '/overview': { for: 'inside', needs: 'audit:read' },
  '/lockouts': { for: 'inside', needs: 'lockouts:read' },
  '/audit': { for: 'inside', needs: 'audit:read' },
  '/health': { for: 'inside', needs: 'metrics:read' },
} as const satisfies Readonly<Record<string, Rules>>

export type Place = keyof typeof places

const addresses = Object.keys(places) as Place[]

export const isPlace = (path: string | undefined): path is Place =>
  path !== undefined && Object.hasOwn(places, path)

/** What is asked of somebody who wants to stand there. */
export const rulesOf = (place: Place): Rules => places[place]

/** Whether a page of the dashboard answers to `path`. */
export function isOurs(path: string): boolean {
  const asked = path.split('/')
  return addresses.some((place) => {
    const parts = place.split('/')
    return (
      parts.length === asked.length &&
      parts.every((part, at) => (part.startsWith('$') ? asked[at] !== '' : part === asked[at]))
    )
  })
}
