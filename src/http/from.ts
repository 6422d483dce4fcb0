/**
 * From: where a request comes from, as it is kept with a session and in the audit.
 *
 * @module
 */
import { allNamed } from '../flows/authenticate.ts'
import type { From } from '../flows/log-in.ts'
import { bucketOf } from './address.ts'
import type { Asked } from './route.ts'

export function fromOf({ site, address, userAgent, cookies }: Asked): From {
  const [came, also] = allNamed(site.world, cookies)
  return { address, bucket: bucketOf(address), userAgent, came, also, device: cookies.device }
}
