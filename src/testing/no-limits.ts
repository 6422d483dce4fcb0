/**
 * Every tier of the rate limits switched off, for tests that are about something else.
 *
 * @module
 */
export const noLimits = {
  floor: 0,
  anonymous: 0,
  signedIn: 0,
  login: 0,
  setup: 0,
  changePassword: 0,
  refresh: 0,
  ticket: 0,
} as const
