/**
 * Whether what a gate answers is what its description says, by a validator that knows nothing of us.
 *
 * @module
 */
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import formats from 'ajv-formats'
import { openapiOf } from '../../src/http/openapi.ts'
import { routes } from '../../src/http/routes.ts'

export const described = openapiOf(routes, {
  publicOrigin: 'https://app.example.test',
  basePath: '/api/v1',
  jar: {
    names: { session: '__Host-session', refresh: '', csrf: '', device: '' },
  },
})

interface Sent {
  readonly method: string
  /** Below the base path. */
  readonly path: string
  readonly status: number
  readonly type: string | null
  readonly text: string
}

const validators = new Map<string, ValidateFunction>()
let ajv: Ajv2020 | undefined

/** @returns What of a request does not fit: its route, what its query is called, its body. */
export function misasked({ method, url, body }: Asked): string | undefined {
  const { pathname, searchParams } = new URL(url)
  const template = templateOf(pathname.replace('/api/v1', ''))
  const operation = template && described.paths[template]?.[method.toLowerCase()]
  if (!operation) return `no ${method} ${pathname}`
  const { parameters = [], requestBody } = operation as {
    parameters?: readonly { in: string; name: string }[]
    requestBody?: { required: boolean }
  }
  const known = parameters.flatMap((one) => (one.in === 'query' ? [one.name] : []))
  const strange = [...searchParams.keys()].find((name) => !known.includes(name))
  if (strange !== undefined) return `${method} ${template}: no ${strange} in its query`
  if (body === '') return requestBody?.required ? `${method} ${template}: no body` : undefined
  if (!requestBody) return `${method} ${template}: a body`
  const at = [template, method.toLowerCase(), 'requestBody', 'content', 'application/json']
  return invalid(`#/paths/${at.map(escaped).join('/')}`, body)
}

interface Asked {
  readonly method: string
  readonly url: string
  readonly body: string
}

/** @returns What does not fit, or nothing. */
export function misdescribed({ method, path, status, type, text }: Sent): string | undefined {
  const template = templateOf(path)
  const operation = template && described.paths[template]?.[method.toLowerCase()]
  const media = type?.split(';')[0] ?? undefined
  if (media === 'application/problem+json')
    return invalid('#/components/responses/Problem/content/application~1problem+json', text)
  // What no route answers is a problem, a preflight, or the way to the public origin.
  if (!operation) return status === 204 || status === 307 ? undefined : `no ${method} ${path}`
  if (status === 307) return undefined
  const { responses } = operation as { responses: Record<string, { content?: object }> }
  const said = responses[status]
  if (!said) return `${method} ${template}: ${status} is not described`
  if (!said.content) return text === '' ? undefined : `${method} ${template}: a body`
  if (media === undefined || !Object.hasOwn(said.content, media))
    return `${method} ${template}: ${status} of type ${media}`
  if (media !== 'application/json') return undefined
  const at = [template ?? '', method.toLowerCase(), 'responses', String(status), 'content', media]
  return invalid(`#/paths/${at.map(escaped).join('/')}`, text)
}

const escaped = (part: string) => encodeURI(part.replaceAll('~', '~0').replaceAll('/', '~1'))

function templateOf(path: string): string | undefined {
  const [asked = ''] = path.split('?')
  const templates = Object.keys(described.paths)
  if (templates.includes(asked)) return asked
  return templates.find((one) =>
    new RegExp(`^${one.replaceAll(/\{\w+\}/g, '[\\w-]{1,64}')}$`).test(asked),
  )
}

function invalid(pointer: string, text: string): string | undefined {
  if (!ajv) {
    ajv = new Ajv2020({ strict: false, validateSchema: false, allErrors: true })
    formats.default(ajv)
    ajv.addSchema({ $id: 'https://described.test/', ...described })
  }
  const validate =
    validators.get(pointer) ?? ajv.compile({ $ref: `https://described.test/${pointer}/schema` })
  validators.set(pointer, validate)
  return validate(JSON.parse(text))
    ? undefined
    : `${pointer}: ${ajv.errorsText(validate.errors)} in ${text.slice(0, 300)}`
}
