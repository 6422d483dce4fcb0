/**
 * What nobody caught: said in one line of the log, and the program ends, to be started again by whoever
 * keeps it.
 *
 * @module
 */
import { expect, test } from 'vitest'
import { browser } from './server/browser.ts'
import { serve } from './server/process.ts'

const broken = {
  'an error': "throw new Error('nobody caught this')",
  'a promise': "Promise.reject(new Error('nobody caught this'))",
}

test.each(Object.entries(broken))(
  '%s that nobody caught is logged as one line, and the server ends with 1; what was answered is kept',
  { timeout: 60_000 },
  async (_, deed) => {
    const hook = `process.on('SIGUSR2', () => { ${deed} })`
    const env = { NODE_OPTIONS: `--import=data:text/javascript,${encodeURIComponent(hook)}` }
    const server = await serve({ env })
    const ada = browser(server)
    expect((await ada.setUp(server.setupToken)).status).toBe(201)

    server.signal('SIGUSR2')
    expect(await server.ended).toEqual({ code: 1, signal: null })
    const lines = server.stderr.filter((line) => line.includes('nobody caught this'))
    expect(lines).toHaveLength(1)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({
      level: 60,
      msg: 'fault that nobody caught',
      err: { message: 'nobody caught this' },
    })

    const again = await serve({ folder: server.folder, port: server.port })
    expect((await ada.send('GET', '/auth/me')).status).toBe(200)
    expect((await again.stop()).code).toBe(0)
  },
)
