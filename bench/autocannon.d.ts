/**
 * As much of autocannon as the measurements use; it brings no types of its own.
 *
 * @module
 */
declare module 'autocannon' {
  interface Result {
    readonly '2xx': number
    readonly non2xx: number
    readonly errors: number
    /** Seconds. */
    readonly duration: number
  }
  function autocannon(options: {
    readonly url: string
    readonly connections: number
    /** Seconds. */
    readonly duration: number
    readonly headers: Readonly<Record<string, string>>
    readonly method?: 'POST'
    readonly body?: string
  }): Promise<Result>
  // biome-ignore lint/style/noDefaultExport: that is how it is exported.
  export default autocannon
}
