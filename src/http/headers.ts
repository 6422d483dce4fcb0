/**
 * Security headers: one set for the API, one for the dashboard's pages, one for its hashed files.
 * Everything is off that is not needed; what a set lacks is a header some answer goes without.
 *
 * @module
 */

export type HeaderSet = Readonly<Record<string, string>>

/** For answers that no browser is to show, run or frame. */
const apiPolicy = "default-src 'none'; frame-ancestors 'none'; sandbox"

/**
 * For the dashboard: own files only, nothing inline, no markup from text. There is no `report-to`,
 * because there is no endpoint that takes reports: one open to all would be a way to fill the log.
 */
export const dashboardPolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "font-src 'self'",
  "connect-src 'self'",
  "form-action 'self'",
  "frame-ancestors 'none'",
  "base-uri 'none'",
  "object-src 'none'",
  "require-trusted-types-for 'script'",
].join('; ')

/** What a page could ask a browser for; known to Chromium, so that its console stays empty. */
const powers = [
  'accelerometer',
  'autoplay',
  'browsing-topics',
  'camera',
  'clipboard-read',
  'compute-pressure',
  'cross-origin-isolated',
  'display-capture',
  'encrypted-media',
  'fullscreen',
  'gamepad',
  'geolocation',
  'gyroscope',
  'hid',
  'identity-credentials-get',
  'idle-detection',
  'keyboard-map',
  'local-fonts',
  'magnetometer',
  'microphone',
  'midi',
  'otp-credentials',
  'payment',
  'picture-in-picture',
  'publickey-credentials-create',
  'publickey-credentials-get',
  'screen-wake-lock',
  'serial',
  'storage-access',
  'sync-xhr',
  'usb',
  'window-management',
  'xr-spatial-tracking',
] as const

const permissions = powers.map((power) => `${power}=()`).join(', ')

/** Two years, in seconds. */
const transportAge = 63_072_000

/**
 * For every answer of the API, whatever its status.
 *
 * @see OWASP ASVS 5.0 V3.4.1–V3.4.8, V14.3.2
 */
export function apiHeaders(publicOrigin: URL): HeaderSet {
  return {
    ...everywhere(publicOrigin),
    'Content-Security-Policy': apiPolicy,
    'Permissions-Policy': `${permissions}, clipboard-write=()`,
    'Cache-Control': 'no-store',
    Vary: 'Origin, Sec-Fetch-Site, Cookie',
  }
}

/** For the dashboard's pages: they show a secret once, with a button that copies it. */
export function pageHeaders(publicOrigin: URL): HeaderSet {
  return {
    ...everywhere(publicOrigin),
    'Content-Security-Policy': dashboardPolicy,
    'Permissions-Policy': `${permissions}, clipboard-write=(self)`,
    'Cache-Control': 'no-store',
  }
}

/** For the dashboard's files whose name carries a hash of what is in them: the same for everybody. */
export function assetHeaders(publicOrigin: URL): HeaderSet {
  return {
    ...pageHeaders(publicOrigin),
    'Cache-Control': 'public, max-age=31536000, immutable',
  }
}

function everywhere(publicOrigin: URL): HeaderSet {
  return {
    'X-Content-Type-Options': 'nosniff',
    // Not `no-referrer`: with it a browser may send `Origin: null`, which the origin gate refuses.
    'Referrer-Policy': 'same-origin',
    'Cross-Origin-Opener-Policy': 'same-origin',
    'Cross-Origin-Resource-Policy': 'same-origin',
    'X-Frame-Options': 'DENY',
    // Over plain http browsers pass it over, and on loopback it would outlive the trial.
    ...(publicOrigin.protocol === 'https:' && {
      'Strict-Transport-Security': `max-age=${transportAge}; includeSubDomains`,
    }),
  }
}
