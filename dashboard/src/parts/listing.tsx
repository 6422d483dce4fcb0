/**
 * A list in pages, in each of its states: being loaded, failed, empty, there, and more to come. It
 * is asked for again while somebody looks, without counting as activity.
 */

import { Button, Skeleton } from '@mantine/core'
import { type InfiniteData, useInfiniteQuery, useQueryClient } from '@tanstack/react-query'
import { type ReactNode, useEffect, useRef } from 'react'
import type { ListAsk } from 'sallyport/account'
import type { Page } from 'sallyport/client'
import { useSessionKey } from '../queries.ts'
import { texts } from '../texts.ts'
import classes from './listing.module.css'
import { Failed } from './trouble.tsx'

/** Milliseconds between two looks at a list that changes by itself. */
const lookAgain = 10_000

/** @param key What is asked, after the key of the session. */
export function useList<T>(
  key: readonly (string | undefined)[],
  ask: (ask: ListAsk) => Promise<Page<T>>,
) {
  const queries = useQueryClient()
  const session = useSessionKey()
  const queryKey = [...session, ...key]

  return useInfiniteQuery({
    queryKey,
    queryFn: ({ pageParam, signal }) => {
      const passive = queries.getQueryData<InfiniteData<unknown>>(queryKey) !== undefined
      return ask({ cursor: pageParam, signal, passive: passive && pageParam === undefined })
    },
    initialPageParam: undefined as string | undefined,
    getNextPageParam: ({ nextCursor }) => nextCursor,
    // Who has leafed on is reading; loading it all again would cost more than it tells.
    refetchInterval: ({ state }) => (state.data?.pages.length === 1 ? lookAgain : false),
  })
}

export interface ListingProps<T> {
  readonly list: ReturnType<typeof useList<T>>
  /** What the list is called, for those who listen to it. */
  readonly label: string
  /** Shown in place of no items. */
  readonly empty: ReactNode
  readonly leaving?: ReadonlySet<string>
  readonly idOf: (item: T) => string
  readonly children: (item: T) => ReactNode
}

export function Listing<T>({ list, label, empty, leaving, idOf, children }: ListingProps<T>) {
  const items = list.data?.pages
    .flatMap((page) => page.items)
    .filter((item) => !leaving?.has(idOf(item)))
  const failed = list.error ?? list.failureReason
  const place = useRef<HTMLDivElement>(null)
  const count = items?.length ?? 0
  const before = useRef(count)

  // What had the focus may have left with its row; it must not be lost to the top of the page.
  useEffect(() => {
    if (count < before.current && document.activeElement === document.body) place.current?.focus()
    before.current = count
  }, [count])

  return (
    <div ref={place} className={classes.place} tabIndex={-1}>
      {failed && <Failed error={failed} again={list.refetch} />}
      {!items && !failed && <Loading />}
      {items?.length === 0 && !failed && <div className={classes.empty}>{empty}</div>}
      {items && items.length > 0 && (
        <ListFrame items={items} label={label} idOf={idOf}>
          {children}
        </ListFrame>
      )}
      {list.hasNextPage && (
        <Button
          variant="default"
          loading={list.isFetchingNextPage}
          onClick={() => void list.fetchNextPage()}
        >
          {texts.more}
        </Button>
      )}
    </div>
  )
}

interface ListFrameProps<T> {
  readonly items: readonly T[]
  readonly label: string
  readonly idOf: (item: T) => string
  readonly children: (item: T) => ReactNode
}

/** Lines under each other, on one surface. */
export function ListFrame<T>({ items, label, idOf, children }: ListFrameProps<T>) {
  return (
    <ul className={classes.list} aria-label={label}>
      {items.map((item) => (
        <li key={idOf(item)}>{children(item)}</li>
      ))}
    </ul>
  )
}

/** Quiet at first, as long as most answers take. */
function Loading() {
  return (
    <div className={classes.loading} role="status">
      <span className="visually-hidden">{texts.loading}</span>
      <Skeleton height={72} radius="lg" />
      <Skeleton height={72} radius="lg" />
    </div>
  )
}
