/**
 * The routes of API keys, as mocks answer them.
 *
 * @module
 */
import type { ApiKey, IssuedKey } from '../wire.ts'
import { type Asked, done, inside, type MockRoute, no, page, type Told } from './mock-route.ts'
import { iso, newId } from './mock-world.ts'

function issued({ world, me }: Asked, key: ApiKey): Told {
  const secret = `${key.prefix}_a-mock-of-a-secret-${newId().slice(-4)}`
  const made: ApiKey = { ...key, lastFour: secret.slice(-4) }
  const others = world.keys.filter(({ id }) => id !== key.id)
  world.keys = [{ ...made, owner: me.user.id }, ...others]
  return { status: 201, body: { key: made, secret } satisfies IssuedKey }
}

const own = ({ world, me }: Asked) => world.keys.filter(({ owner }) => owner === me.user.id)

const shown = ({ owner: _, ...key }: ApiKey & { readonly owner: string }): ApiKey => key

export const mockKeys: Readonly<Record<string, MockRoute>> = {
  'GET /auth/api-keys': { ...inside, answer: (asked) => page(own(asked).map(shown), asked) },
  'POST /auth/api-keys': {
    ...inside,
    stepUp: true,
    answer(asked) {
      const { name, scopes, expiresAt } = asked.body
      const id = newId()
      return issued(asked, {
        id,
        name: String(name),
        prefix: `sp_${id}`,
        lastFour: '',
        // The one cast: the server looks at the shape, a mock does not.
        scopes: scopes as readonly string[],
        createdAt: iso(Date.now()),
        expiresAt: String(expiresAt),
        lastUsedAt: null,
        rotatesAt: null,
      })
    },
  },
  'POST /auth/api-keys/{id}/rotate': {
    ...inside,
    stepUp: true,
    answer(asked) {
      const key = own(asked).find(({ id }) => id === asked.id)
      if (!key) return no('not_found')
      const overlap = Number(asked.body.overlap ?? 0) * 1000
      const rotatesAt = overlap > 0 ? iso(Date.now() + overlap) : null
      return issued(asked, { ...shown(key), rotatesAt })
    },
  },
  'DELETE /auth/api-keys/{id}': {
    ...inside,
    answer(asked) {
      const { world, id } = asked
      if (!own(asked).some((key) => key.id === id)) return no('not_found')
      world.keys = world.keys.filter((key) => key.id !== id)
      return done
    },
  },
}
