/**
 * Who may call what, by hand: `route-matrix.test.ts` expects of each route what its guard says, so of a
 * guard that was loosened it would expect that it is loose.
 *
 * @module
 */
import { expect, test } from 'vitest'
import type { Guard } from '../src/http/route.ts'
import { routes } from '../src/http/routes.ts'

const policy = `
GET /audit                        session, key, audit:read
GET /audit/export                 session, audit:read, recent proof
GET /audit/verify                 session, key, audit:read
GET /auth/activity                session
GET /auth/api-keys                session
POST /auth/api-keys               session, recent proof
DELETE /auth/api-keys/{id}        session
POST /auth/api-keys/{id}/rotate   session, recent proof
POST /auth/change-password        session, restricted, limit changePassword
GET /auth/csrf                    anyone, same origin
GET /auth/devices                 session
DELETE /auth/devices/{id}         session
POST /auth/login                  anyone, limit login
POST /auth/logout                 anyone
GET /auth/me                      session, restricted
POST /auth/refresh                anyone, limit refresh
GET /auth/sessions                session
DELETE /auth/sessions/{id}        session
POST /auth/sessions/revoke-others session
GET /auth/setup                   anyone
POST /auth/setup                  anyone, limit setup
POST /auth/step-up                session
GET /auth/verify                  session, key, for another
POST /auth/ws-ticket              session
GET /events                       session, same origin if told
GET /health/live                  anyone, any host, limit floor
GET /health/ready                 anyone, any host, limit floor
GET /instance/health              session, key, metrics:read
GET /lockouts                     session, key, lockouts:read
GET /metrics                      session, key, metrics:read, any host, limit floor
GET /openapi.json                 anyone, limit floor
GET /overview                     session, key, audit:read
GET /roles                        session, key, users:read
GET /users                        session, key, users:read
POST /users                       session, users:write, recent proof
GET /users/{id}                   session, key, users:read
PATCH /users/{id}                 session, users:write, recent proof
DELETE /users/{id}                session, users:write, recent proof
POST /users/{id}/reset-password   session, users:write, recent proof
POST /users/{id}/revoke-sessions  session, users:write, recent proof
POST /users/{id}/unlock           session, key, users:write
`

/** A guard in the words of the policy. */
const told = ({ caller, restricted, permission, role, scope, stepUp, ...rest }: Guard): string => {
  const { keys, forwarded, sameOrigin, anyHost, limit } = rest
  const words = [
    caller === 'anyone' ? caller : 'session',
    caller === 'signed-in' && restricted && 'restricted',
    keys && 'key',
    permission,
    role && `role ${role}`,
    scope && `in ${scope}`,
    stepUp && 'recent proof',
    sameOrigin && (sameOrigin === true ? 'same origin' : `same origin ${sameOrigin}`),
    forwarded && 'for another',
    anyHost && 'any host',
    limit && `limit ${limit}`,
  ]
  return words.filter(Boolean).join(', ')
}

test('AUTHZ-05: each route asks for what the policy says, and there is no other', () => {
  const lines = policy.trim().split('\n')
  const wanted = lines.map((line) => line.replace(/^(\S+ \S+) +/, '$1: '))
  const found = routes.map(({ method, path, guard }) => `${method} ${path}: ${told(guard)}`)
  expect(found.sort()).toEqual(wanted.sort())
})
