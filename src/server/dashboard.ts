/**
 * The dashboard's built files, kept in memory: the pages under their addresses, the hashed files for
 * ever. A page that is not there is still a page, which says so; anything else is a problem.
 *
 * @module
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'
import { gzipSync } from 'node:zlib'
import type { Incoming, Sallyport } from '../index.ts'

const mediaTypes: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.txt': 'text/plain; charset=utf-8',
  '.webmanifest': 'application/manifest+json',
}

/** Written by the build: the addresses that are pages, `$name` standing for any one segment. */
const pageList = 'pages.json'

interface File {
  readonly plain: Buffer
  /** Packed when it is first asked for: a start is not to wait for it. */
  packed?: Buffer
  readonly type: string
}

/** Answers a request for a page or a file of it. */
export type Dashboard = (request: Incoming) => Response

/** In the built page, for its script to read: whether asking to be remembered is of any use. */
const remembering = (yes: boolean) => `<meta name="sallyport-remembers" content="${yes}">`

/**
 * Reads the built files; `undefined` when there are none.
 *
 * @param told What of the settings the pages need to know before anybody is signed in.
 */
export function openDashboard(
  folder: string,
  gate: Sallyport,
  { remembers }: { readonly remembers: boolean },
): Dashboard | undefined {
  if (!existsSync(join(folder, 'index.html'))) return undefined
  const files = new Map<string, File>()
  for (const name of readdirSync(folder, { recursive: true, encoding: 'utf8' })) {
    const type = mediaTypes[extname(name)]
    if (!type || name === pageList) continue
    const built = readFileSync(join(folder, name))
    const plain = name === 'index.html' ? withSettings(built) : built
    files.set(`/${name.replaceAll('\\', '/')}`, { plain, type })
  }

  const isPage = pagesIn(readFileSync(join(folder, pageList), 'utf8'))

  return (request) => {
    const { pathname } = new URL(request.url)
    if (request.method !== 'GET' && request.method !== 'HEAD')
      return gate.refused(request, 'method_not_allowed', ['GET', 'HEAD'])
    const page = files.get('/index.html')
    const file = pathname === '/index.html' ? undefined : files.get(pathname)
    if (file) return sent(request, 200, file, headersFor(pathname))
    if (isPage(pathname)) return sent(request, 200, page, gate.headers.page)
    const wanted = request.headers.get('accept')?.includes('text/html') && !extname(pathname)
    return wanted ? sent(request, 404, page, gate.headers.page) : gate.refused(request, 'not_found')
  }

  function withSettings(page: Buffer): Buffer {
    return Buffer.from(page.toString().replace(remembering(false), remembering(remembers)))
  }

  function headersFor(path: string): Readonly<Record<string, string>> {
    return path.startsWith('/assets/') ? gate.headers.asset : gate.headers.page
  }
}

/** Whether an address is a page; at any other the dashboard says 404. */
function pagesIn(list: string): (pathname: string) => boolean {
  // Written by our own build.
  const pages = (JSON.parse(list) as readonly string[]).map((page) => page.split('/'))
  return (pathname) => {
    const asked = pathname.split('/')
    return pages.some(
      (page) =>
        page.length === asked.length &&
        page.every((part, at) => (part.startsWith('$') ? asked[at] !== '' : part === asked[at])),
    )
  }
}

function sent(
  request: Incoming,
  status: number,
  file: File | undefined,
  always: Readonly<Record<string, string>>,
): Response {
  const headers = new Headers(always)
  if (!file) return new Response(null, { status, headers })
  headers.set('Content-Type', file.type)
  headers.set('Vary', 'Accept-Encoding')
  const packs = /\bgzip\b/.test(request.headers.get('accept-encoding') ?? '')
  if (packs) headers.set('Content-Encoding', 'gzip')
  if (packs) file.packed ??= gzipSync(file.plain)
  const bytes = (packs && file.packed) || file.plain
  headers.set('Content-Length', String(bytes.length))
  // A Buffer may be a window on a larger one; the copy is exact.
  return new Response(request.method === 'HEAD' ? null : new Uint8Array(bytes), { status, headers })
}
