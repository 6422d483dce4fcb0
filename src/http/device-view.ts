/**
 * Device view: what a browser's `User-Agent` says of it, as people read it.
 *
 * @module
 */
import Bowser from 'bowser'
import type * as wire from '../wire.ts'

type Device = wire.Session['device']

const kinds = ['desktop', 'mobile', 'tablet'] as const

/** Texts remembered at most, half a kilobyte each: to read one costs a quarter of a whole refresh. */
const most = 1_000

const known = new Map<string, Device>()

export function deviceView(userAgent: string): Device {
  let seen = known.get(userAgent)
  if (!seen) {
    seen = readDevice(userAgent)
    // Whoever sends texts without end must not fill the memory.
    if (known.size >= most) known.clear()
    known.set(userAgent, seen)
  }
  // One of his own for whoever asks: a host may change what it is handed.
  return { ...seen }
}

function readDevice(userAgent: string): Device {
  // Bowser refuses an empty text by throwing.
  const seen = userAgent === '' ? undefined : Bowser.parse(userAgent)
  return {
    browser: seen?.browser.name || null,
    os: seen?.os.name || null,
    kind: kinds.find((kind) => kind === seen?.platform.type) ?? 'other',
    userAgent,
  }
}
