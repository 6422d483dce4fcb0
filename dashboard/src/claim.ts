/**
 * The claim token while it waits to be used: in memory, for this page's life only.
 */

import { createContext, type Dispatch, type SetStateAction, use } from 'react'

type Claim = readonly [
  token: string | undefined,
  change: Dispatch<SetStateAction<string | undefined>>,
]

export const ClaimContext = createContext<Claim>([undefined, () => {}])

export function useClaim(): Claim {
  return use(ClaimContext)
}
