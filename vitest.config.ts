/**
 * Three kinds of tests: "unit" and "attack" run side by side, "browser" after them and one file at a time,
 * since each of its files drives a whole Chromium. Attacks know in which form they are tried.
 *
 * @module
 */
import { defineConfig } from 'vitest/config'

const sideBySide = {
  // The first test to ask for PostgreSQL waits until it runs.
  hookTimeout: 90_000,
  testTimeout: 30_000,
  // By default one less than there are cores; but most of them wait, for servers and databases.
  maxWorkers: 2,
  sequence: { groupOrder: 0 },
  // In the campaign each file says how much was searched for its secrets.
  setupFiles: process.env.CANARY ? ['test/campaigns/looked.ts'] : [],
}

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
          include: ['src/**/*.test.{ts,tsx}', 'dashboard/src/**/*.test.{ts,tsx}', 'test/*.test.ts'],
          ...sideBySide,
        },
      },
      {
        extends: true,
        test: {
          name: 'attack',
          include: ['test/attack/*.test.ts'],
          // A campaign says another.
          env: { ATTACK_FORM: process.env.ATTACK_FORM ?? 'small' },
          ...sideBySide,
          // There everything that is kept is read before and after each request.
          ...(process.env.ATTACK_FORM && { testTimeout: 180_000 }),
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
