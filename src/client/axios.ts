/**
 * axios on top of the client: its requests go through `client.fetch`, so that there is one way of
 * sending and not two.
 */

import type { Client } from './client.ts'

/** As much of an axios instance as is touched; 1.12 or newer. */
export interface Attachable {
  readonly defaults: {
    adapter?: unknown
    env?: object
    withXSRFToken?: unknown
  }
}

/**
 * Has every request of `instance` go through `client`: with the CSRF header, renewed where it has to
 * be, and the session told what its failing means. axios answers and throws as it always does.
 *
 * @returns `instance`.
 */
export function attachSallyport<T extends Attachable>(
  instance: T,
  client: Pick<Client, 'fetch'>,
): T {
  const { defaults } = instance
  defaults.adapter = 'fetch'
  // Without a `Request` of its own it hands over address and settings, which can be sent again.
  defaults.env = { ...defaults.env, fetch: client.fetch, Request: null }
  // Its own double submit reads another cookie, for another server.
  defaults.withXSRFToken = false
  return instance
}
