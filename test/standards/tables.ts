/**
 * All tables of the standards.
 *
 * @module
 */
import { nistPasswords, nistSessions, nistThrottling } from './nist.ts'
import type { Chapter, Row } from './row.ts'
import { encoding, logic, services } from './v01-encoding.ts'
import { frontend } from './v03-frontend.ts'
import { authentication } from './v06-authentication.ts'
import { authorisation, sessions } from './v07-sessions.ts'
import { oauth, tokens } from './v09-tokens.ts'
import { communication, cryptography } from './v11-cryptography.ts'
import { configuration, data } from './v13-configuration.ts'
import { architecture } from './v15-architecture.ts'
import { logging } from './v16-logging.ts'

/** OWASP ASVS 5.0; V5 (files) and V17 (WebRTC) are about what is not here. */
export const asvs: readonly Chapter[] = [
  ...[encoding, logic, frontend, services, authentication, sessions, authorisation, tokens, oauth],
  ...[cryptography, communication, configuration, data, architecture, logging],
]

/** NIST SP 800-63B-4; the ids are ours. */
export const nist: readonly Chapter[] = [nistPasswords, nistThrottling, nistSessions]

export const allRows: readonly Row[] = [...asvs, ...nist].flatMap(({ rows }) => rows)
