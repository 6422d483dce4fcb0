/**
 * From: where a request comes from, as it is kept with a session and in the audit.
 *
 * @module
 */
import { named } from '../flows/authenticate.ts'
import type { From } from '../flows/log-in.ts'
import { bucketOf } from './address.ts'
import type { Asked } from './route.ts'

export const fromOf = ({ site, address, userAgent, cookies }: Asked): From => ({
  address,
  bucket: bucketOf(address),
  userAgent,
  came: named(site.world, cookies)?.sid,
  device: cookies.device,
})
