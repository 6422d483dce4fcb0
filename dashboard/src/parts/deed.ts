/**
 * A deed: one call that changes something. It asks for the password where the server does, says how
 * it went, and has what it touched loaded again.
 */

import {
  type InfiniteData,
  type QueryKey,
  useMutation,
  useMutationState,
  useQueryClient,
} from '@tanstack/react-query'
import type { Page } from 'sallyport/client'
import { useFresh } from 'sallyport/react'
import { useSessionKey } from '../queries.ts'
import { isUnproven } from './proof.tsx'
import { useToast } from './toasts.tsx'
import { told } from './trouble.tsx'

export interface DeedOptions<V, R> {
  readonly work: (asked: V) => Promise<R>
  /** What is said when it is done; nothing when left out. */
  readonly done?: (result: R, asked: V) => string
  /** Lists and things to load again, by what stands first in their keys. */
  readonly touches?: readonly string[]
  /** Whoever asks shows the refusal; otherwise it is said in the corner. */
  readonly refusedInPlace?: boolean
  readonly key?: QueryKey
  readonly after?: (result: R, asked: V) => void
}

export interface Deed<V> {
  readonly run: (asked: V, then?: { readonly done?: () => void }) => void
  readonly pending: boolean
  /** Why it was refused; not when the person would rather not show the password. */
  readonly error: unknown
  /** Epoch milliseconds of the last try. */
  readonly triedAt: number
  readonly forget: () => void
}

export function useDeed<V = void, R = unknown>(options: DeedOptions<V, R>): Deed<V> {
  const fresh = useFresh()
  const say = useToast()
  const queries = useQueryClient()
  const session = useSessionKey()

  const deed = useMutation({
    ...(options.key ? { mutationKey: options.key } : {}),
    mutationFn: (asked: V) => fresh(() => options.work(asked)),
    onSuccess: (result, asked) => {
      const text = options.done?.(result, asked)
      if (text !== undefined) say({ tone: 'good', text })
      options.after?.(result, asked)
      for (const touched of options.touches ?? [])
        void queries.invalidateQueries({ queryKey: [...session, touched] })
    },
    onError: (error) => {
      if (options.refusedInPlace || isUnproven(error)) return
      const [title, text] = told(error)
      say({ tone: 'bad', text: `${title}. ${text}` })
    },
  })

  return {
    run: (asked, then) => deed.mutate(asked, { onSuccess: () => then?.done?.() }),
    pending: deed.isPending,
    error: isUnproven(deed.error) ? undefined : (deed.error ?? undefined),
    triedAt: deed.submittedAt,
    forget: deed.reset,
  }
}

export interface RemovalOptions<T> {
  /** First of the keys of all lists it may stand in. */
  readonly list: string
  readonly work: (item: T) => Promise<unknown>
  readonly done: (item: T) => string
  readonly touches?: readonly string[]
}

/**
 * Takes one thing out of its lists, at once for the eye: while the server is asked it is not shown,
 * and when the server refuses it is there again, where it was.
 *
 * @returns The deed, and the ids of what is on its way out.
 */
export function useRemoval<T extends { readonly id: string }>({
  list,
  work,
  done,
  touches = [],
}: RemovalOptions<T>): { readonly deed: Deed<T>; readonly leaving: ReadonlySet<string> } {
  const queries = useQueryClient()
  const session = useSessionKey()
  const key = [...session, list, 'removal']
  const deed = useDeed<T>({
    key,
    work,
    done: (_, item) => done(item),
    touches: [list, ...touches],
    after: (_, { id }) =>
      queries.setQueriesData<InfiniteData<Page<T>>>(
        { queryKey: [...session, list] },
        (before) =>
          before && {
            ...before,
            pages: before.pages.map((page) => ({
              ...page,
              items: page.items.filter((item) => item.id !== id),
            })),
          },
      ),
  })
  const leaving = useMutationState({
    filters: { mutationKey: key, status: 'pending' },
    // Only ever started with an item.
    select: ({ state }) => (state.variables as T).id,
  })
  return { deed, leaving: new Set(leaving) }
}
