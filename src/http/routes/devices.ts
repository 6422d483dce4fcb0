/**
 * A person's trusted devices: where strangers cannot lock them out.
 *
 * @module
 */
import * as answers from '../../answers.ts'
import { forgetOwn, ownDevices } from '../../flows/devices.ts'
import { deviceNamed } from '../../rules/device.ts'
import * as wire from '../../wire.ts'
import { pageFrom, pageView } from '../paging.ts'
import { type Route, signedIn } from '../route.ts'
import { trustedView } from '../view.ts'

export const deviceRoutes: readonly Route[] = [
  signedIn({
    method: 'GET',
    path: '/auth/devices',
    summary: 'The trusted devices of the person, newest first.',
    answers: { 200: answers.pageOf(answers.Device) },
    guard: { restricted: false },
    body: 'none',
    query: wire.PageQuery,
    async answer({ site: { world }, query, cookies }, caller) {
      const bound = { list: 'devices', for: caller.user.id }
      const from = pageFrom(world, bound, query)
      if (!from.ok) return from
      const found = await ownDevices(world, caller, from.page)
      const current = deviceNamed(world.keys, cookies.device, caller.user.id)
      const body: wire.Page<wire.Device> = pageView(world, bound, found, (device) =>
        trustedView(device, current),
      )
      return { ok: true, status: 200, body }
    },
  }),

  signedIn({
    method: 'DELETE',
    path: '/auth/devices/{id}',
    summary: 'Stops trusting one of the own devices.',
    answers: { 204: 'nothing' },
    guard: { restricted: false },
    body: 'none',
    async answer({ site, params: { id = '' }, address }, caller) {
      const refusal = await forgetOwn(site.world, caller, id, address)
      return refusal ?? { ok: true, status: 204 }
    },
  }),
]
