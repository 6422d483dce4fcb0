/**
 * A certificate that nobody has signed but itself, made by openssl for one test.
 *
 * @module
 */
import { execFileSync } from 'node:child_process'
import { isIP } from 'node:net'
import { join } from 'node:path'

/** Makes a certificate for a name or an address. @returns The paths of it and of its key, in `folder`. */
export function certificate(folder: string, name: string): { cert: string; key: string } {
  const [cert, key] = [join(folder, `${name}.pem`), join(folder, `${name}.key`)]
  const kind = isIP(name) === 0 ? 'DNS' : 'IP'
  execFileSync(
    'openssl',
    // biome-ignore format: one flag a thought
    ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2',
     '-subj', `/CN=${name}`, '-addext', `subjectAltName=${kind}:${name}`, '-keyout', key, '-out', cert],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  )
  return { cert, key }
}
