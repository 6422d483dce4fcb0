/**
 * Messages: what may be said over a socket, and which events pass a filter. Whatever cannot be
 * understood is answered with a sentence; the socket stays open.
 *
 * @module
 */

/** Filters of a channel: an event passes when every field of its payload has this value. */
export type Filters = Readonly<Record<string, unknown>>

export interface Ask {
  readonly ok: true
  readonly action: 'subscribe' | 'unsubscribe'
  readonly channels: readonly string[]
  /** Left out, filters stay as they are; empty, there are none any more. */
  readonly filters: Filters | undefined
}

/** Channels in one message; a name; filters; a filter's name and value as text. */
const bounds = { channels: 100, name: 128, filters: 10, key: 256, value: 256 } as const

const wrong = (error: string) => ({ ok: false, error }) as const

/** Reads a message. @returns What it asks for, or what to answer. */
export function readMessage(text: string): Ask | { readonly ok: false; readonly error: string } {
  let said: unknown
  try {
    said = JSON.parse(text)
  } catch {
    return wrong('Invalid JSON')
  }
  if (!isObject(said)) return wrong('Expected JSON object')
  const { action, channels, filters } = said
  if (action !== 'subscribe' && action !== 'unsubscribe') return wrong('Unknown action')
  if (filters !== undefined && !isObject(filters)) return wrong('filters must be an object')
  if (!Array.isArray(channels) || !channels.every((name) => typeof name === 'string'))
    return wrong('channels must be a list of strings')
  if (channels.length > bounds.channels) return wrong('Too many channels')
  if (filters && !isBounded(filters)) return wrong('Filter bounds exceeded')
  return {
    ok: true,
    action,
    channels: channels.filter((name) => name.length <= bounds.name),
    filters,
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function isBounded(filters: Filters): boolean {
  const entries = Object.entries(filters)
  return (
    entries.length <= bounds.filters &&
    entries.every(
      ([name, value]) =>
        name.length <= bounds.key &&
        (value === null || ['string', 'number', 'boolean'].includes(typeof value)) &&
        String(value).length <= bounds.value,
    )
  )
}

/** Whether an event passes the filters of its channel. */
export const passes = (filters: Filters, payload: Readonly<Record<string, unknown>>): boolean =>
  Object.entries(filters).every(([name, value]) => payload[name] === value)
