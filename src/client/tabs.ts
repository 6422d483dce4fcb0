/**
 * What the tabs of one browser tell each other: that somebody came in, or that a session is over.
 * A message is a hint that names its session; a tab acts only when it concerns the one it shows.
 */

export type TabNews =
  | { readonly kind: 'in'; readonly session: string }
  | { readonly kind: 'out'; readonly session: string; readonly reason: string }

export interface Tabs {
  /** Begins to hear: not before, so that a server that only draws pages keeps nothing open. */
  readonly join: () => void
  readonly tell: (news: TabNews) => void
  readonly close: () => void
}

/** The tabs that use the same server; alone where the browser has no BroadcastChannel. */
export function knowTabs(baseUrl: string, hear: (news: TabNews) => void): Tabs {
  let channel: BroadcastChannel | undefined
  let closed = false

  function join() {
    if (channel || closed || !globalThis.BroadcastChannel) return
    channel = new BroadcastChannel(`sallyport:${baseUrl}`)
    channel.onmessage = ({ data }: MessageEvent<TabNews>) => hear(data)
  }
  return {
    join,
    tell: (news) => {
      join()
      channel?.postMessage(news)
    },
    close: () => {
      closed = true
      channel?.close()
      channel = undefined
    },
  }
}
