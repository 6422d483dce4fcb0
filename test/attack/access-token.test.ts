/**
 * Forged, bent and borrowed access tokens: the JWT cases of `security.md`. The attacker here may even
 * sign with the right key; what he signs must still be exactly what this instance would.
 *
 * @module
 */
import { createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { deriveKeys, type Purpose, purposes, rootOf } from '../../src/rules/keys.ts'
import { parseSecret } from '../../src/rules/root-secret.ts'
import { openTestGate, origin, secret, setupToken } from '../gate/gate.ts'
import { addPerson } from '../gate/people.ts'
import { expectRefused, unharmed } from '../gate/refusal.ts'
import { visitor } from '../gate/visitor.ts'

const cookie = '__Host-session'
const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

function rootIn(text: string) {
  const parsed = parseSecret(text)
  if (!parsed.ok) throw new Error(parsed.complaint)
  return rootOf(parsed.secret)
}

/** A claimed instance whose keys the attacker has, and the owner's genuine token taken apart. */
async function broken() {
  const open = await openTestGate()
  const ada = visitor(open.gate)
  await ada.setUp()
  const [here] = await open.query('select "instanceId" from instance')
  const keys = deriveKeys({ active: rootIn(secret), verify: [] }, String(here?.instanceId))
  const token = ada.jar.get(cookie) ?? ''
  const [header = '', payload = '', mac = ''] = token.split('.')
  const claims = JSON.parse(Buffer.from(payload, 'base64url').toString())
  const keyOf = (purpose: Purpose) => keys.active(purpose).key
  /** Signs whatever it is given. */
  const forge = (body: unknown, head: unknown = header, key = keyOf('access'), hash = 'sha256') => {
    const signed = `${typeof head === 'string' ? head : encode(head)}.${encode(body)}`
    return `${signed}.${createHmac(hash, key).update(signed).digest('base64url')}`
  }
  /** Signs a payload that is spelled otherwise than this instance would. */
  const sealed = (text: string) =>
    `${header}.${text}.${createHmac('sha256', keyOf('access')).update(`${header}.${text}`).digest('base64url')}`
  /** Asks who is signed in by a token. */
  const ask = async (forged: string) => {
    const somebody = visitor(open.gate)
    somebody.jar.set(cookie, forged)
    return somebody.send('GET', '/auth/me')
  }
  /** Expects that each is nobody, and that nothing is touched. */
  const refuseAll = async (forged: Readonly<Record<string, string>>) => {
    const said = await unharmed(open, async () => {
      for (const [name, one] of Object.entries(forged))
        expectRefused(await ask(one), 401, 'not_authenticated', name)
    })
    expect(said).toEqual([])
  }
  // What is forged below would be let in, were it not for the one thing that is wrong with it.
  expect(forge(claims)).toBe(token)
  expect((await ask(token)).status).toBe(200)
  const parts = { header, payload, mac }
  return { ...open, ada, token, parts, claims, keyOf, forge, sealed, ask, refuseAll }
}

const headerIn = (header: string) => JSON.parse(Buffer.from(header, 'base64url').toString())

test('JWT-01: no algorithm at all, in any spelling, with any signature', async () => {
  const { claims, parts, forge, refuseAll } = await broken()
  const head = headerIn(parts.header)
  const forged: Record<string, string> = {}
  for (const alg of ['none', 'None', 'NONE', 'nOnE', '', null, undefined]) {
    const unsigned = `${encode({ ...head, alg })}.${encode(claims)}`
    forged[`${alg}, signed`] = forge(claims, { ...head, alg })
    forged[`${alg}, empty`] = `${unsigned}.`
    forged[`${alg}, missing`] = unsigned
    forged[`${alg}, kept`] = `${unsigned}.${parts.mac}`
  }
  await refuseAll(forged)
})

test('JWT-02: another algorithm, or a key of another family', async () => {
  const { claims, parts, forge, keyOf, refuseAll } = await broken()
  const head = headerIn(parts.header)
  const pair = generateKeyPairSync('ed25519')
  const pem = pair.publicKey.export({ type: 'spki', format: 'pem' }).toString()
  const signed = `${encode({ ...head, alg: 'EdDSA' })}.${encode(claims)}`
  await refuseAll({
    'a public key as text': forge(claims, undefined, Buffer.from(pem)),
    'with a line before it': forge(claims, undefined, Buffer.from(`\n${pem}`)),
    'as JWK': forge(
      claims,
      undefined,
      Buffer.from(JSON.stringify(pair.publicKey.export({ format: 'jwk' }))),
    ),
    EdDSA: `${signed}.${sign(null, Buffer.from(signed), pair.privateKey).toString('base64url')}`,
    HS384: forge(claims, { ...head, alg: 'HS384' }, keyOf('access'), 'sha384'),
    HS512: forge(claims, { ...head, alg: 'HS512' }, keyOf('access'), 'sha512'),
    'HS512 under our header': forge(claims, undefined, keyOf('access'), 'sha512'),
    'no key': forge(claims, undefined, Buffer.alloc(0)),
    'the root secret': forge(claims, undefined, rootIn(secret).secret),
    'the instance id': forge(claims, undefined, Buffer.from(claims.aud)),
  })
})

test('JWT-03: only the headers this instance writes, byte for byte', async () => {
  const { claims, parts, forge, refuseAll } = await broken()
  const { kid, ...rest } = headerIn(parts.header)
  const kids: unknown[] = [
    undefined,
    null,
    '',
    'unknown0',
    '../../dev/null',
    "' OR 1=1--",
    'https://evil.test/jwks',
    'k'.repeat(1_000),
    7,
    [kid],
    { kid },
    '__proto__',
    'constructor',
    `csrf/${kid}`,
    kid.toLowerCase() === kid ? kid.toUpperCase() : kid.toLowerCase(),
  ]
  const forged = Object.fromEntries(
    kids.map((one) => [`kid ${JSON.stringify(one)}`, forge(claims, { ...rest, kid: one })]),
  )
  await refuseAll({
    ...forged,
    'another order': forge(claims, { kid, typ: 'at+jwt', alg: 'HS256' }),
    'spaces in it': forge(
      claims,
      encode(JSON.stringify({ alg: 'HS256', kid, typ: 'at+jwt' }, null, 1)),
    ),
    'with crit': forge(claims, { ...rest, kid, crit: ['b64'] }),
    'with jwk': forge(claims, { ...rest, kid, jwk: { kty: 'oct', k: '' } }),
    'another typ': forge(claims, { ...rest, kid, typ: 'JWT' }),
    'no typ': forge(claims, { alg: 'HS256', kid }),
  })
})

test('JWT-05: each claim is required, and none is one too many', async () => {
  const { claims, forge, refuseAll } = await broken()
  const forged: Record<string, string> = { 'one more': forge({ ...claims, role: 'owner' }) }
  for (const name of Object.keys(claims)) {
    const { [name]: _, ...without } = claims
    forged[`without ${name}`] = forge(without)
    forged[`${name} twice in one name`] = forge({ ...without, [`${name} `]: claims[name] })
  }
  await refuseAll(forged)
})

test('JWT-06: each claim is of its type and in its range', async () => {
  const { claims, forge, refuseAll } = await broken()
  const { iss, aud, sub, exp, iat } = claims
  const bent: Record<string, unknown[]> = {
    exp: ['9999999999', true, [9e9], -1, exp + 0.5, 2 ** 63, null, {}, '', iat, iat - 1, 9e15],
    iat: [`${iat}`, -1, iat + 0.1, null, [iat]],
    ver: ['1', 0.5, -1, null, true, [1]],
    sub: [{}, [sub], 7, null, '', `${sub}A`, sub.slice(1), `${sub}\n`, ` ${sub}`],
    sid: [{}, [], 7, null, '', '../etc/passwd', '%'],
    jti: [7, null, '', 'x'],
    iss: [[iss], `${iss}/`, 'https://evil.test', iss.toUpperCase(), { iss }, null],
    aud: [[aud], [aud, 'more'], aud.slice(0, -1), `${aud}A`, `${aud},${aud}`, null, 'sallyport'],
  }
  const forged: Record<string, string> = {
    '1e400': forge(JSON.stringify(claims).replace(`"exp":${exp}`, '"exp":1e400')),
    'no object': forge([claims]),
    'no JSON': forge('exp=1'),
    nothing: forge('null'),
    'another object behind it': forge(`${JSON.stringify(claims)}{}`),
    'a key hidden': forge(JSON.stringify(claims).replace('"ver"', '"__proto__":{"ver":1},"vér"')),
  }
  for (const [name, values] of Object.entries(bent))
    for (const value of values)
      forged[`${name} ${JSON.stringify(value)}`] = forge({ ...claims, [name]: value })
  await refuseAll(forged)
})

test('JWT-07: over, not yet, or too long; five seconds of skew and not one more', async () => {
  const { claims, forge, ask, pass, query } = await broken()
  await query('update sessions set "idleUntil" = "expiresAt"')
  const now = claims.iat
  const longest = 90 * 24 * 3600
  const said = async (changed: object) => {
    const { status, json } = await ask(forge({ ...claims, ...changed }))
    return json.code ?? status
  }
  expect(await said({ exp: now + 1 })).toBe(200)
  expect(await said({ iat: now + 5, exp: now + 60 })).toBe(200)
  expect(await said({ iat: now + 6, exp: now + 60 })).toBe('not_authenticated')
  expect(await said({ iat: now + 60 })).toBe('not_authenticated')
  expect(await said({ exp: now + longest })).toBe(200)
  expect(await said({ exp: now + longest + 1 })).toBe('not_authenticated')
  expect(await said({ iat: 0 })).toBe('not_authenticated')
  pass(10_000)
  expect(await said({ exp: now + 6 })).toBe(200)
  expect(await said({ exp: now + 5 })).toBe('session_expired')
  expect(await said({ exp: now + 1 })).toBe('session_expired')
})

test('JWT-08, JWT-15: what was made for another purpose is no access token, nor the other way (L19)', async () => {
  const open = await broken()
  const { claims, forge, keyOf, token, ada, refuseAll } = open
  const csrfToken = ada.jar.get('__Host-csrf') ?? ''
  const byPurpose = purposes
    .filter((purpose) => purpose !== 'access')
    .map((purpose) => [`signed for ${purpose}`, forge(claims, undefined, keyOf(purpose))])
  await refuseAll({ ...Object.fromEntries(byPurpose), csrfToken, setupToken })
  await unharmed(open, async () => {
    const swapped = visitor(open.gate)
    swapped.jar.set(cookie, csrfToken)
    swapped.jar.set('__Host-refresh', token)
    swapped.jar.set('__Host-csrf', token)
    expectRefused(await swapped.send('GET', '/auth/me'), 401, 'not_authenticated')
    swapped.jar.set(cookie, token)
    const astray = await swapped.send('POST', '/auth/sessions/revoke-others')
    expectRefused(astray, 403, 'csrf_rejected')
    const query = `/auth/sessions?cursor=${encodeURIComponent(token)}`
    expectRefused(await ada.send('GET', query), 422, 'validation_failed')
    const only = visitor(open.gate)
    only.jar.set('__Host-refresh', token)
    expectRefused(await only.send('GET', '/auth/me'), 401, 'not_authenticated')
  })
  const stranger = await openTestGate()
  const json = { setupToken: token, username: 'eve', password: 'whatever it may be' }
  const claim = await visitor(stranger.gate).send('POST', '/auth/setup', { json })
  expectRefused(claim, 403, 'forbidden')
})

test('JWT-09: size is looked at before anything else', async () => {
  const { parts, claims, forge, refuseAll } = await broken()
  const { header, payload, mac } = parts
  await refuseAll({
    dots: '.'.repeat(15_000),
    'a long header': `${'a'.repeat(15_000)}.${payload}.${mac}`,
    'a long mac': `${header}.${payload}.${'a'.repeat(15_000)}`,
    'deep JSON': forge(`${'['.repeat(700)}${']'.repeat(700)}`),
    'padded claims': forge({ ...claims, jti: 'x'.repeat(1_500) }),
  })
})

test('JWT-11: the signature is all there, bit for bit, and of this very token', async () => {
  const { parts, claims, forge, sealed, refuseAll, token } = await broken()
  const { header, payload, mac } = parts
  const bytes = Buffer.from(mac, 'base64url')
  const forged: Record<string, string> = {
    'of another token': `${header}.${payload}.${forge({ ...claims, ver: 2 }).split('.')[2]}`,
    padded: `${token}=`,
    'in base64': `${header}.${payload}.${bytes.toString('base64')}`,
    'payload padded': `${header}.${payload}=.${mac}`,
    'payload padded, and signed so': sealed(`${payload}=`),
    'payload with a space, and signed so': sealed(`${payload} `),
    'payload in two pieces, and signed so': sealed(
      `${payload.slice(0, 8)}\u00a0${payload.slice(8)}`,
    ),
    twice: `${token}.${mac}`,
    'other low bits': token.replace(/.$/, (last) => String.fromCharCode(last.charCodeAt(0) + 1)),
  }
  for (let bit = 0; bit < 256; bit++) {
    const flipped = Buffer.from(bytes)
    flipped.writeUInt8((flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7)), bit >> 3)
    forged[`bit ${bit}`] = `${header}.${payload}.${flipped.toString('base64url')}`
  }
  for (let length = 0; length < 32; length++)
    forged[`${length} bytes`] =
      `${header}.${payload}.${bytes.subarray(0, length).toString('base64url')}`
  await refuseAll(forged)
})

test('JWT-12, JWT-13: a rotated secret serves while it verifies, and not under another’s name', async () => {
  const { database, token, ask, claims, forge, query, gate } = await broken()
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const newer = 'Zp4vT9cK1mX7qB2nR6wL0sD8fJ3hY5gA9eU2iO1xN7c'
  const node = async (name: string, ...secrets: string[]) => {
    const secretFile = join(folder, name)
    writeFileSync(secretFile, secrets.join('\n'), { mode: 0o600 })
    return (await openTestGate('sqlite', { database, secret: undefined, secretFile })).gate
  }
  const here = async (at: typeof gate, one: string) => {
    const somebody = visitor(at)
    somebody.jar.set(cookie, one)
    const { status, json } = await somebody.send('GET', '/auth/me')
    return json.code ?? status
  }
  const both = await node('both', newer, secret)
  expect(await here(both, token)).toBe(200)
  const signed = visitor(both)
  await signed.logIn('ada')
  const fresh = signed.jar.get(cookie) ?? ''
  const kid = (one: string) => headerIn(one.split('.')[0] ?? '').kid
  expect(kid(fresh)).not.toBe(kid(token))

  // The old key under the new one's name, and the new key under the old one's.
  const instanceId = String((await query('select "instanceId" from instance'))[0]?.instanceId)
  const newKey = deriveKeys({ active: rootIn(newer), verify: [] }, instanceId).active('access').key
  expect(await here(both, forge(claims, fresh.split('.')[0]))).toBe('not_authenticated')
  expect(await here(both, forge(claims, undefined, newKey))).toBe('not_authenticated')

  const retired = await node('retired', newer)
  expect(await here(retired, token)).toBe('not_authenticated')
  expect(await here(retired, fresh)).toBe(200)
  // The first node was never given the newer one: it cannot tell, and says so.
  expect((await ask(fresh)).json.code).toBe('unavailable')
  await expect(node('other', 'Qm8vT9cK1mX7qB2nR6wL0sD8fJ3hY5gA9eU2iO1xN7z')).rejects.toThrow(
    /made with another secret/,
  )
})

test('JWT-14: another instance’s token is nobody here, even under the same root secret', async () => {
  const { token, claims, refuseAll, ask } = await broken()
  const other = await broken()
  expect(other.claims.aud).not.toBe(claims.aud)
  await refuseAll({
    'as it is': other.token,
    'with our session, signed there': other.forge(claims),
    'signed there for us': other.forge({ ...other.claims, aud: claims.aud, iss: origin }),
  })
  expect((await ask(token)).status).toBe(200)
})

test('JWT-17, JWT-20: rights, user and session are those of the rows, not of the token', async () => {
  const open = await broken()
  const { claims, forge, ask, query } = open
  const bob = await addPerson(open, 'bob')
  const stolen = forge({ ...claims, sub: bob })
  const recorded = await unharmed(open, async () => {
    expectRefused(await ask(stolen), 401, 'not_authenticated')
    const thief = visitor(open.gate)
    thief.jar.set(cookie, stolen)
    const headers = { 'Sec-Fetch-Site': 'same-origin' }
    const token = await thief.send('GET', '/auth/csrf', { headers })
    expectRefused(token, 401, 'not_authenticated')
  })
  expect(recorded).toMatchObject(
    Array(2).fill({ type: 'credentials.refused', reason: 'mismatch', address: '198.51.100.7' }),
  )
  const said = async (changed: object) => {
    const { status, json } = await ask(forge({ ...claims, ...changed }))
    return [json.code ?? status, json.reason]
  }
  expect(await said({ sid: 'x'.repeat(22) })).toEqual(['session_expired', undefined])
  expect(await said({ sub: 'x'.repeat(22), sid: 'x'.repeat(22) })).toEqual([
    'session_expired',
    undefined,
  ])
  for (const ver of [0, 2, 2 ** 52])
    expect(await said({ ver })).toEqual(['session_revoked', 'password_changed'])

  await query(`update users set role = 'viewer' where username = 'ada'`)
  const now = await ask(forge(claims))
  expect([now.json.user.role, now.json.permissions]).toEqual(['viewer', []])
})
