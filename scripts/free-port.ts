/**
 * Free port: where a server of a test, a figure or a script may listen when its address is to be known
 * before it starts.
 *
 * Not one the system picks: those come from the range of outgoing connections, any of which may take
 * it before the server does, on a busy machine now and then. Below that range (32,768 on Linux, 49,152
 * elsewhere; RFC 6335) only servers take any.
 *
 * @module
 */
import { randomInt } from 'node:crypto'
import { createServer } from 'node:net'

/** Above the ports that browsers refuse, up to 10,080. */
const [lowest, end] = [12_000, 32_768]

export async function freePort(): Promise<number> {
  const port = randomInt(lowest, end)
  return (await isFree(port)) ? port : freePort()
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const probe = createServer().once('error', () => resolve(false))
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)))
  })
