/**
 * Events: what happens around the own account, as it happens; for those who may read the audit, all of
 * it. The stream ends with its session.
 *
 * @see HTML standard, Server-sent events
 * @module
 */
import { lately } from '../../flows/lately.ts'
import { type Access, may } from '../../rules/access.ts'
import type { AuditRow } from '../../rules/audit.ts'
import type { User } from '../../rules/facts.ts'
import { refuse } from '../../rules/refusal.ts'
import type { Ending } from '../../rules/socket.ts'
import { second } from '../../rules/time.ts'
import type { Live } from '../live.ts'
import { type Route, signedIn } from '../route.ts'
import type { Site } from '../site.ts'
import { activityView, auditView } from '../view.ts'

/** So often something is said, so that nobody in between takes the connection for dead. */
const breath = 15 * second
/** Events that may wait for a reader who is slow. */
const mostWaiting = 1_000

export const eventRoutes: readonly Route[] = [
  signedIn({
    method: 'GET',
    path: '/events',
    summary: 'An event stream: what is recorded about the person, or everything with `audit:read`.',
    answers: { 200: 'text/event-stream' },
    guard: { restricted: false, sameOrigin: 'if told', passive: true },
    body: 'none',
    async answer({ site, request }, { session }) {
      const last = request.headers.get('last-event-id')
      if (last !== null && !/^[\w-]{22}$/.test(last))
        return refuse('malformed_request', { why: 'last event id' })
      if (request.method === 'HEAD') return { ok: true, status: 200, headers: streaming }
      const live = await site.connections.lives.follow(session)
      if (!live.ok) return live
      const missed = last === null ? [] : await lately(site.world, last).catch(() => [])
      return { ok: true, status: 200, headers: streaming, stream: streamOf(site, live, missed) }
    },
  }),
]

const streaming = { 'Content-Type': 'text/event-stream', 'X-Accel-Buffering': 'no' } as const

function streamOf(
  { world, connections: { tail } }: Site,
  live: Live,
  missed: readonly AuditRow[],
): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let stop = () => {}
  return new ReadableStream<Uint8Array>(
    {
      start(controller) {
        const write = (text: string) => {
          if ((controller.desiredSize ?? 0) <= 0) return close()
          controller.enqueue(encoder.encode(text))
        }
        const tell = (row: AuditRow) =>
          live.certain(() => {
            const text = told(world.access, row, live.caller().user)
            if (text !== undefined) write(text)
          })
        const breathing = setInterval(() => write(': still here\n\n'), breath).unref()
        const deaf = tail.listen(tell)
        const ended = () => {
          const { code, reason } = live.ended.reason as Ending
          if (code === 4401) write(`event: revoked\ndata: ${JSON.stringify({ reason })}\n\n`)
          close()
        }
        const close = () => {
          stop()
          try {
            controller.close()
          } catch {
            // Its reader has gone already.
          }
        }
        stop = () => {
          stop = () => {}
          clearInterval(breathing)
          deaf()
          live.ended.removeEventListener('abort', ended)
          live.leave()
        }
        write(': welcome\n\n')
        for (const row of missed) tell(row)
        live.ended.addEventListener('abort', ended)
        if (live.ended.aborted) ended()
      },
      cancel: () => stop(),
    },
    { highWaterMark: mostWaiting },
  )
}

/** An event, for those whom it is for. */
function told(access: Access, row: AuditRow, user: User): string | undefined {
  const all = may(access, user, 'audit:read')
  if (!all && row.subject !== `user:${user.id}`) return undefined
  const data = all ? auditView(row) : activityView(row, user)
  return `id: ${row.id}\nevent: ${row.type}\ndata: ${JSON.stringify(data)}\n\n`
}
