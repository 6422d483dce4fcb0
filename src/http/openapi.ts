/**
 * OpenAPI: the routes as a description that programs read, made of the table that serves them.
 *
 * @see OpenAPI Specification 3.1.1
 * @module
 */
import { type JsonSchema, jsonSchemaOf, Problem } from '../answers.ts'
import { isUnsafe } from '../rules/csrf.ts'
import type { Schema } from '../wire.ts'
import type { CookieJar } from './cookies.ts'
import type { Route } from './route.ts'

export interface Described {
  readonly publicOrigin: string
  readonly basePath: string
  readonly jar: Pick<CookieJar, 'names'>
}

/** Describes routes as they are served here. */
export function openapiOf(routes: readonly Route[], { publicOrigin, basePath, jar }: Described) {
  const schemas: Record<string, JsonSchema> = {}
  /** A shape, whose named parts are kept beside the routes. */
  function schemaOf(schema: Schema, io: 'input' | 'output'): JsonSchema {
    const made = jsonSchemaOf(schema, io)
    Object.assign(schemas, made.named)
    return made.schema
  }
  const problem = { 'application/problem+json': { schema: schemaOf(Problem, 'output') } }
  const paths: Record<string, Record<string, unknown>> = {}
  for (const route of routes) {
    const path = paths[route.path] ?? {}
    path[route.method.toLowerCase()] = operationOf(route, schemaOf)
    paths[route.path] = path
  }
  return {
    openapi: '3.1.1',
    info: { title: 'Sallyport', version: 'v1', description },
    servers: [{ url: publicOrigin + basePath }],
    paths,
    components: {
      schemas,
      responses: {
        Problem: { description: 'A refusal, or a fault (RFC 9457).', content: problem },
      },
      securitySchemes: {
        session: { type: 'apiKey', in: 'cookie', name: jar.names.session },
        csrf: { type: 'apiKey', in: 'header', name: 'X-CSRF-Token' },
        key: { type: 'http', scheme: 'bearer' },
      },
    },
  }
}

const description = `Sessions live in cookies, and every request that changes something by cookie comes from this
origin with the session's CSRF token. Every route that answers GET answers HEAD. Sockets are opened at \`/ws\` with a
ticket.`

function operationOf(
  route: Route,
  schemaOf: (schema: Schema, io: 'input' | 'output') => JsonSchema,
) {
  const { method, path, summary, guard, body, bodyOptional = false, query } = route
  const parameters = [
    ...[...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => ({
      name,
      in: 'path',
      required: true,
      schema: { type: 'string', pattern: '^[A-Za-z0-9_-]{1,64}$' },
    })),
    ...(query ? queryOf(schemaOf(query, 'input')) : []),
  ]
  const taken = typeof body === 'object' ? schemaOf(body, 'input') : { type: 'object' }
  return {
    operationId: idOf(method, path),
    summary,
    ...(guard.caller === 'signed-in' && { description: needsOf(route) }),
    security: securityOf(route),
    ...(parameters.length > 0 && { parameters }),
    ...(body !== 'none' && {
      requestBody: { required: !bodyOptional, content: { 'application/json': { schema: taken } } },
    }),
    responses: {
      ...answersOf(route, schemaOf),
      default: { $ref: '#/components/responses/Problem' },
    },
  }
}

/** `GET /auth/sessions/{id}` → `get_auth_sessions_id`. */
const idOf = (method: string, path: string): string =>
  method.toLowerCase() + path.replaceAll(/[/-]/g, '_').replaceAll(/[{}]/g, '')

function queryOf({ properties = {}, required = [] }: JsonSchema) {
  return Object.entries(properties as Record<string, JsonSchema>).map(([name, schema]) => ({
    name,
    in: 'query',
    required: (required as readonly string[]).includes(name),
    schema,
  }))
}

function needsOf({ guard }: Route): string {
  const permission = guard.permission ? `somebody who has \`${guard.permission}\`` : 'somebody'
  const recent = guard.stepUp ? ' and has shown the password lately' : ''
  const restricted = guard.restricted ? '; also while a password must be changed first' : ''
  return `For ${permission} who is signed in${recent}${restricted}.`
}

function securityOf({
  method,
  guard,
}: Route): readonly Readonly<Record<string, readonly string[]>>[] {
  if (guard.caller === 'anyone') return []
  const session = isUnsafe(method) ? { session: [], csrf: [] } : { session: [] }
  return guard.keys ? [session, { key: [] }] : [session]
}

function answersOf(
  { answers, summary }: Route,
  schemaOf: (schema: Schema, io: 'input' | 'output') => JsonSchema,
) {
  const told = Object.entries(answers).map(([status, answer]) => {
    if (answer === 'nothing') return [status, { description: summary }]
    const [type, schema] =
      typeof answer === 'string'
        ? [answer, { type: 'string' }]
        : ['application/json', schemaOf(answer, 'output')]
    return [status, { description: summary, content: { [type]: { schema } } }]
  })
  return Object.fromEntries(told)
}
