/**
 * Signed in without a server, while a front end is being developed. This file is reached only under
 * the `development` condition of a bundler; whatever else resolves the door gets `production.ts`, so a
 * production build does not contain a line of it.
 *
 * @module
 */
import { type MockOptions, mockSallyport } from './mocks.ts'

/**
 * A `fetch` for `createClient` that answers the calls to Sallyport itself and lets all others through.
 * In a production build it is `undefined`, as on any host but this machine: the client then asks the
 * real server.
 */
export function developmentFetch(options: MockOptions): typeof globalThis.fetch | undefined {
  const { hostname } = globalThis.location ?? {}
  const here = /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname ?? '')
  return here ? mockSallyport(options).fetch : undefined
}
