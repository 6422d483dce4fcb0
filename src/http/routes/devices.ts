/**
 * A person's trusted devices: where strangers cannot lock them out.
 *
 * @module
 */
import { forgetOwn, ownDevices } from '../../flows/devices.ts'
import { cursorAt, placeIn } from '../../rules/cursor.ts'
import { deviceNamed } from '../../rules/device.ts'
import { refuse } from '../../rules/refusal.ts'
import * as wire from '../../wire.ts'
import { type Route, signedIn } from '../route.ts'
import { trustedView } from '../view.ts'

export const deviceRoutes: readonly Route[] = [
  signedIn({
    method: 'GET',
    path: '/auth/devices',
    summary: 'The trusted devices of the person, newest first.',
    guard: { restricted: false },
    body: 'none',
    query: wire.PageQuery,
    async answer({ site: { world }, query, cookies }, caller) {
      const bound = { list: 'devices', for: caller.user.id }
      const after = query.cursor && placeIn(world.keys, bound, query.cursor)
      if (query.cursor !== undefined && !after) {
        const detail = 'This is not a cursor of this list.'
        const fields = [{ name: 'cursor', code: 'not_allowed', detail }]
        return refuse('validation_failed', { fields })
      }
      const page = { after: after || undefined, limit: query.limit }
      const { items, next } = await ownDevices(world, caller, page)
      const current = deviceNamed(world.keys, cookies.device, caller.user.id)
      const body: wire.Page<wire.Device> = {
        items: items.map((item) => trustedView(item, current)),
        nextCursor: next ? cursorAt(world.keys, bound, next) : null,
      }
      return { ok: true, status: 200, body }
    },
  }),

  signedIn({
    method: 'DELETE',
    path: '/auth/devices/{id}',
    summary: 'Stops trusting one of the own devices.',
    guard: { restricted: false },
    body: 'none',
    async answer({ site, params: { id = '' }, address }, caller) {
      const refusal = await forgetOwn(site.world, caller, id, address)
      return refusal ?? { ok: true, status: 204 }
    },
  }),
]
