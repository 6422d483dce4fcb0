/**
 * Presence over nodes: what a dead node had counted is forgotten as soon as others know that its lease
 * has ended, long before the node itself is forgotten.
 *
 * @module
 */
import { describe, expect, test } from 'vitest'
import { beneath, noon, places } from './store/bed.ts'
import { hands, seat } from './store/seats.ts'

describe.each(Object.entries(places))('on %s', (_, place) => {
  test('the share of a node counts for as long as it may have a lease, by the clock of who asks', async () => {
    const at = await place()
    const clock = hands()
    const { node, store } = await seat(at, { clock })
    const { run } = await beneath(at)
    await run(`insert into nodes (id, lease, applied, beats) values ('other', 400, -1, 1)`)
    const connect = (to: string, connections: number) =>
      run(`insert into presence (id, node, "userId", connections, "createdAt", revision)
        values ('${to}:ada', '${to}', 'ada', ${connections}, ${noon}, 'by hand')`)
    await connect('other', 2)
    await connect(node.id, 1)
    await connect('never seen', 4)
    const online = async () => (await store.online())[0]?.connections

    expect(await online()).toBe(3)
    // Five of its leases, and a tenth for a clock that goes slower.
    clock.pass(2_199)
    expect(await online()).toBe(3)
    clock.pass(1)
    expect(await online()).toBe(1)
    const there = async () => (await run(`select id from nodes where id = 'other'`)).length
    expect(await there()).toBe(1)
    // It was only slow: it beats, and counts at once.
    await run(`update nodes set beats = 2 where id = 'other'`)
    expect(await online()).toBe(3)
  })
})
