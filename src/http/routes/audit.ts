/**
 * Audit, for those who may read all of it: page by page, as lines to carry away, and verified.
 *
 * @module
 */

import * as answers from '../../answers.ts'
import type { RecordPlace, RecordsAsked } from '../../audit-ports.ts'
import { auditPage, exported, recordExport } from '../../flows/audit.ts'
import { verifyAudit } from '../../flows/verify-audit.ts'
import { may } from '../../rules/access.ts'
import type { Place } from '../../rules/cursor.ts'
import * as wire from '../../wire.ts'
import { askedIn } from '../audit-asked.ts'
import type { Live } from '../live.ts'
import { pageFrom, pageView } from '../paging.ts'
import { alsoByKey, type Route, signedIn } from '../route.ts'
import type { Site } from '../site.ts'
import { auditView, exportView, verificationView } from '../view.ts'

const permission = 'audit:read'

export const auditRoutes: readonly Route[] = [
  alsoByKey({
    method: 'GET',
    path: '/audit',
    summary:
      'What was recorded, newest first: of a `type`, about or by a `user`, `from` and `to` an instant.',
    answers: { 200: answers.pageOf(answers.AuditEvent) },
    guard: { restricted: false, permission },
    body: 'none',
    query: wire.AuditList,
    async answer({ site: { world }, query }, { user }) {
      const asked = askedIn(query)
      if (!asked.ok) return asked
      const { cursor: _, limit: __, ...narrowed } = query
      const bound = { list: `audit ${JSON.stringify(narrowed)}`, for: user.id }
      const from = pageFrom(world, bound, query)
      if (!from.ok) return from
      const after = from.page.after && recordPlace(from.page.after)
      const { items, next } = await auditPage(world, asked.asked, { ...from.page, after })
      const found = { items, next: next && placeFor(next) }
      const body: wire.Page<wire.AuditEvent> = pageView(world, bound, found, auditView)
      return { ok: true, status: 200, body }
    },
  }),

  signedIn({
    method: 'GET',
    path: '/audit/export',
    summary: 'The same as JSON lines, all of it, oldest first, each with what seals it.',
    answers: { 200: 'application/x-ndjson' },
    guard: { restricted: false, permission, stepUp: true },
    body: 'none',
    query: wire.AuditExport,
    async answer({ site, request, query, address }, caller) {
      const asked = askedIn(query)
      if (!asked.ok) return asked
      const day = new Date(site.world.clock.now()).toISOString().slice(0, 10)
      const headers = {
        'Content-Type': 'application/x-ndjson',
        'Content-Disposition': `attachment; filename="sallyport-audit-${day}.jsonl"`,
      }
      if (request.method === 'HEAD') return { ok: true, status: 200, headers }
      const live = await site.connections.lives.follow(caller.session)
      if (!live.ok) return live
      await recordExport(site.world, caller, address, query).catch((error) => {
        live.leave()
        throw error
      })
      return { ok: true, status: 200, headers, stream: linesOf(site, live, asked.asked) }
    },
  }),

  alsoByKey({
    method: 'GET',
    path: '/audit/verify',
    summary: 'Holds every record against what seals it, and names the first that is wrong.',
    answers: { 200: answers.AuditVerification },
    guard: { restricted: false, permission },
    body: 'none',
    async answer({ site: { world } }) {
      const done = await verifyAudit(world)
      return done.ok ? { ok: true, status: 200, body: verificationView(done.verified) } : done
    },
  }),
]

const placeFor = ({ at, chain, seq }: RecordPlace): Place => ({
  createdAt: at,
  id: `${chain}.${seq}`,
})

function recordPlace({ createdAt: at, id }: Place): RecordPlace {
  const [chain = '', seq] = id.split('.')
  return { at, chain, seq: Number(seq) }
}

/** The records as lines, as fast as they are read; broken off when the session ends. */
function linesOf(
  { world }: Site,
  live: Live,
  asked: Omit<RecordsAsked, 'order'>,
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  const slices = exported(world, asked)
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller) {
        try {
          let slice = await slices.next()
          while (!slice.done && slice.value.length === 0) slice = await slices.next()
          await certain(live)
          if (!may(world.access, live.caller().user, permission))
            throw new Error('no longer allowed')
          if (slice.done) {
            live.leave()
            return controller.close()
          }
          const lines = slice.value.map((row) => `${JSON.stringify(exportView(row))}\n`)
          controller.enqueue(encoder.encode(lines.join('')))
        } catch (error) {
          live.leave()
          // Half a copy must not look like a whole one.
          controller.error(error)
        }
      },
      cancel: () => live.leave(),
    },
    { highWaterMark: 1 },
  )
}

/** Settles while the session stands; rejects once it does not. */
function certain(live: Live): Promise<void> {
  return new Promise((resolve, reject) => {
    const ended = () => reject(new Error('the session is over'))
    if (live.ended.aborted) return ended()
    live.ended.addEventListener('abort', ended, { once: true })
    live.certain(() => {
      live.ended.removeEventListener('abort', ended)
      resolve()
    })
  })
}
