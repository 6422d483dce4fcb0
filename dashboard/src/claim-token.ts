/**
 * The claim token's only way through the browser: out of the address, into memory, into one request.
 * It stands in the fragment, which is never sent, and leaves the address bar before anything else
 * runs, so that neither history nor a shared screen keeps it.
 */

/** The token of the page's own address, which is then without it; `undefined` when there is none. */
export function takeClaimToken(): string | undefined {
  const token = claimTokenIn(window.location.hash)
  if (token === undefined) return undefined
  const { pathname, search } = window.location
  window.history.replaceState(window.history.state, '', pathname + search)
  return token
}

/** The token in what somebody pasted: a claim link, its fragment, or the bare token. */
export function claimTokenIn(text: string): string | undefined {
  const trimmed = text.trim()
  const [, marked] = /[#?&]token=([^&#\s]+)/.exec(trimmed) ?? []
  if (marked !== undefined) return decoded(marked)
  return /^[^\s#/?&=]+=*$/.test(trimmed) ? trimmed : undefined
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
