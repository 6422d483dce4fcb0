/**
 * What the tabs of one browser tell each other: that somebody came in, or that a session is over.
 * A message is a hint that names its session; a tab acts only when it concerns the one it shows.
 */

export type TabNews =
  | { readonly kind: 'in'; readonly session: string }
  | { readonly kind: 'out'; readonly session: string; readonly reason: string }

export interface Tabs {
  readonly tell: (news: TabNews) => void
  readonly close: () => void
}

/** Joins the tabs that use the same server; alone where the browser has no BroadcastChannel. */
export function joinTabs(baseUrl: string, hear: (news: TabNews) => void): Tabs {
  if (typeof BroadcastChannel === 'undefined') return { tell: () => {}, close: () => {} }

  const channel = new BroadcastChannel(`sallyport:${baseUrl}`)
  channel.onmessage = ({ data }: MessageEvent<TabNews>) => hear(data)
  return {
    tell: (news) => channel.postMessage(news),
    close: () => channel.close(),
  }
}
