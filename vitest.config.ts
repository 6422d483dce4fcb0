/**
 * Two kinds of tests: "unit" runs side by side, "browser" after it and one file at a time, since
 * each of its files drives a whole Chromium.
 *
 * @module
 */
import { defineConfig } from 'vitest/config'

export default defineConfig({
  test: {
    globalSetup: ['test/provision/desk.ts'],
    // How long a busy machine may take; one that is idle does not wait for it.
    expect: { poll: { timeout: 10_000, interval: 20 } },
    projects: [
      {
        extends: true,
        test: {
          name: 'unit',
          include: [
            'src/**/*.test.{ts,tsx}',
            'dashboard/src/**/*.test.{ts,tsx}',
            'test/*.test.ts',
            'test/attack/*.test.ts',
          ],
          // The first test to ask for PostgreSQL waits until it runs.
          hookTimeout: 90_000,
          testTimeout: 30_000,
          // By default one less than there are cores; but most of them wait, for servers and databases.
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'browser',
          include: ['test/browser/*.test.ts'],
          fileParallelism: false,
          // Long enough for Chromium to be installed on the way.
          hookTimeout: 600_000,
          testTimeout: 120_000,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
})
