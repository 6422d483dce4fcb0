/**
 * Sinks of the audit: standard output, or syslog (RFC 5424) over UDP, TCP or TLS. Written here, for it is
 * a line of text and a socket, and what there is of libraries brings more than it saves.
 *
 * @see RFC 5424 (format), RFC 5426 (UDP), RFC 6587 3.4.1 and RFC 5425 (octet counting over TCP and TLS)
 * @module
 */
import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { connect, isIP } from 'node:net'
import { hostname } from 'node:os'
import type { Duplex } from 'node:stream'
import { connect as connectTls } from 'node:tls'
import type { AuditSink, Carried } from '../audit-ports.ts'
import { second } from '../rules/time.ts'
import { within } from './chores.ts'

/** How long a receiver may take for what it is sent at once. */
const patience = 5 * second

/** @param where `stdout`, or `udp://`, `tcp://` or `tls://` with host and port. */
export function auditSink(where: string): AuditSink {
  if (where === 'stdout')
    return {
      ship: (told) => written(process.stdout, told.map(({ line }) => `${line}\n`).join('')),
      async close() {},
    }
  const { protocol, hostname: named, port: at } = new URL(where)
  const host = named.replace(/^\[|\]$/g, '')
  const port = Number(at)
  if (protocol === 'udp:') return overUdp(host, port)
  // An address is no server name (RFC 6066); the certificate is held against it all the same.
  const servername = isIP(host) === 0 ? { servername: host } : {}
  return overStream(() =>
    protocol === 'tls:' ? connectTls({ host, port, ...servername }) : connect({ host, port }),
  )
}

const written = (stream: NodeJS.WritableStream, text: string): Promise<void> =>
  new Promise((resolve, reject) => {
    stream.write(text, (error) => (error ? reject(error) : resolve()))
  })

function overUdp(host: string, port: number): AuditSink {
  // The name says of what kind its address is.
  const socket = createSocket(isIP(host) === 6 ? 'udp6' : 'udp4')
  socket.on('error', () => {}).unref()
  return {
    async ship(told) {
      for (const one of told) {
        await new Promise<void>((resolve, reject) => {
          const message = Buffer.from(syslogLine(one))
          socket.send(message, port, host, (error) => (error ? reject(error) : resolve()))
        })
      }
    },
    async close() {
      socket.close()
    },
  }
}

function overStream(open: () => Duplex): AuditSink {
  let stream: Duplex | undefined
  let dialled: Duplex | undefined

  async function connected(): Promise<Duplex> {
    if (stream?.writable) return stream
    const made = open()
    dialled = made
    // Whoever writes next finds it gone.
    made
      .on('error', () => made.destroy())
      .on('close', () => {
        stream = undefined
      })
    made.resume()
    await once(made, 'authorized' in made ? 'secureConnect' : 'connect')
    stream = made
    return made
  }

  return {
    async ship(told) {
      const lines = told.map(syslogLine)
      const text = lines.map((line) => `${Buffer.byteLength(line)} ${line}`).join('')
      try {
        await within(
          patience,
          connected().then((to) => written(to, text)),
        )
      } catch (error) {
        // Also one that is still waiting to be let in.
        dialled?.destroy()
        stream = undefined
        throw error
      }
    },
    async close() {
      stream?.end()
      stream = undefined
    },
  }
}

/** Log audit (13); a refusal is a warning (4), anything else a notice (5). */
const priority = ({ refused }: Carried): number => 13 * 8 + (refused ? 4 : 5)

/** One message. What is not ASCII is escaped, so that its encoding is no question. */
function syslogLine(one: Carried): string {
  const host = hostname().replace(/[^!-~]/g, '') || '-'
  const ascii = one.line.replace(
    /[^\x20-\x7e]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
  return `<${priority(one)}>1 ${one.at} ${host} sallyport ${process.pid} ${one.name} - ${ascii}`
}
