/**
 * The way round: every page that the person may see, the own account first. Beside the page where
 * there is room, otherwise in a drawer.
 */

import {
  IconChartBar,
  IconDevices,
  IconHeartbeat,
  IconHistory,
  IconHome,
  IconHourglassHigh,
  IconKey,
  IconListSearch,
  IconLock,
  IconPlugConnected,
  IconShieldCheck,
  IconUsers,
} from '@tabler/icons-react'
import { Link } from '@tanstack/react-router'
import type { Signed } from 'sallyport/client'
import { type Place, rulesOf } from '../places.ts'
import { texts } from '../texts.ts'
import classes from './way-round.module.css'

const account = [
  ['/', IconHome],
  ['/account/sessions', IconDevices],
  ['/account/password', IconLock],
  ['/account/devices', IconShieldCheck],
  ['/account/keys', IconKey],
  ['/account/activity', IconHistory],
] as const satisfies readonly (readonly [Place, typeof IconHome])[]

const administration = [
  ['/overview', IconChartBar],
  ['/users', IconUsers],
  ['/sessions', IconPlugConnected],
  ['/lockouts', IconHourglassHigh],
  ['/audit', IconListSearch],
  ['/health', IconHeartbeat],
] as const satisfies readonly (readonly [Place, typeof IconHome])[]

export interface WayRoundProps {
  readonly permissions: Signed['permissions']
  /** Called when somebody follows a link. */
  readonly leave?: () => void
}

export function WayRound({ permissions, leave }: WayRoundProps) {
  const allowed = administration.filter(([place]) => {
    const { needs } = rulesOf(place)
    return needs === undefined || permissions.includes(needs)
  })

  return (
    <nav className={classes.round} aria-label={texts.places.label}>
      <Group name={texts.places.account} links={account} leave={leave} />
      {allowed.length > 0 && (
        <Group name={texts.places.administration} links={allowed} leave={leave} />
      )}
    </nav>
  )
}

interface GroupProps {
  readonly name: string
  readonly links: readonly (typeof account | typeof administration)[number][]
  readonly leave: (() => void) | undefined
}

function Group({ name, links, leave }: GroupProps) {
  return (
    <div className={classes.group}>
      <p>{name}</p>
      <ul>
        {links.map(([place, Icon]) => (
          <li key={place}>
            <Link
              to={place}
              activeOptions={{ exact: place === '/', includeSearch: false }}
              onClick={leave}
            >
              <Icon size={19} stroke={1.6} aria-hidden="true" />
              {texts.places[place]}
            </Link>
          </li>
        ))}
      </ul>
    </div>
  )
}
