/**
 * The guard for API keys: they open what says so, and within it what their scopes and their owner's
 * role both allow. They pass no CSRF token: no browser sends them by itself.
 *
 * @module
 */
import type { AnyCaller, Soon } from '../flows/authenticate.ts'
import {
  authenticateKey,
  type KeyHolder,
  type KeyRefusal,
  noteUse,
} from '../flows/authenticate-key.ts'
import { recordForbidden, recordKey } from '../flows/record.ts'
import type { World } from '../ports.ts'
import { type Refusal, refuse } from '../rules/refusal.ts'
import { missingOf } from './missing.ts'
import type { Guard } from './route.ts'
import type { Whence } from './site.ts'

/** The program behind an `Authorization` header, if a route lets it in. */
export function passKey(
  world: World,
  guard: Guard,
  header: string,
  from: Whence,
  limit: (caller: AnyCaller | Refusal) => Refusal | undefined,
): Soon<KeyHolder | Refusal> {
  const passed = (caller: KeyHolder | KeyRefusal): Soon<KeyHolder | Refusal> => {
    const tooMany = limit(caller)
    if (tooMany) return tooMany
    if (!caller.ok) return refused(world, caller, from)
    const missing = guard.keys ? missingOf(world.access, caller, guard) : 'api key'
    if (missing !== undefined) return forbidden(world, missing, from, caller)
    const noted = noteUse(world, caller)
    return noted instanceof Promise ? noted.then(() => caller) : caller
  }
  const caller = authenticateKey(world, header)
  return caller instanceof Promise ? caller.then(passed) : passed(caller)
}

async function refused(world: World, refusal: KeyRefusal, from: Whence): Promise<Refusal> {
  if (refusal.presented && refusal.code === 'not_authenticated')
    await recordKey(world, refusal, from())
  return refusal
}

async function forbidden(
  world: World,
  missing: string,
  from: Whence,
  caller: KeyHolder,
): Promise<Refusal> {
  await recordForbidden(world, missing, from(), caller)
  return refuse('forbidden', { why: missing })
}
