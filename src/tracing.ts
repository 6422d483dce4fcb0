/**
 * Tracing: the deeds, steps and hashes of this process as spans of OpenTelemetry, for whoever has
 * registered an SDK. The ports are wrapped once, where they are put together; nothing below knows.
 * A span says what was done, never of whom or with what: no name, token or secret is in one.
 *
 * @module
 * @see OpenTelemetry Semantic Conventions: Trace, Database client spans, Recording errors
 */
import { type Attributes, type Span, SpanStatusCode, trace } from '@opentelemetry/api'
import type { PasswordHasher } from './hash-ports.ts'
import { problems } from './http/problem.ts'
import type { Answer, Refused, Route } from './http/route.ts'
import type { Ref, Store } from './ports.ts'
import type { Refusal } from './rules/refusal.ts'

/** Finds the SDK whenever it is registered, before or after; without one it makes nothing. */
const tracer = trace.getTracer('sallyport')

/** Routes whose answers are deeds: what may change something. What only reads is told by its reads. */
export function tracedRoutes(routes: readonly Route[], basePath: string): readonly Route[] {
  return routes.map((route) => {
    const { method, path } = route
    if (method === 'GET') return route
    const said = { 'http.request.method': method, 'http.route': `${basePath}${path}` }
    return {
      ...route,
      answer: (asked, caller) =>
        spanned(`sallyport ${method} ${path}`, said, () => route.answer(asked, caller), ended),
    }
  })
}

/** @param system As the conventions name it: `sqlite` or `postgresql`. */
export function tracedStore(store: Store, system: string): Store {
  const about = (operation: string, collections: readonly string[]): Attributes => ({
    'db.system.name': system,
    'db.operation.name': operation,
    ...(collections.length === 1
      ? { 'db.collection.name': collections[0] }
      : { 'sallyport.collections': [...collections] }),
  })
  const read = (operation: string, kind: string) => ({
    name: `sallyport ${operation} ${kind}`,
    said: () => about(operation, [kind]),
  })
  return {
    ...store,
    find: (ref) => part(read('find', kindOf(ref)), () => store.find(ref)),
    page(ref, from) {
      const kind = 'list' in ref ? ref.list : kindOf(ref)
      return part(read('page', kind), () => store.page(ref, from))
    },
    step(asked, rule) {
      const said = () => about('step', [...new Set(Object.values(asked).map(kindOf))])
      return part({ name: 'sallyport step', said }, () => store.step(asked, rule))
    },
  }
}

const kindOf = (ref: Ref) => ('one' in ref ? ref.one : ref.many)

export function tracedHasher(hasher: PasswordHasher): PasswordHasher {
  const nothing = () => ({})
  const hash = { name: 'sallyport hash password', said: nothing }
  const verify = { name: 'sallyport verify password', said: nothing }
  return {
    ...hasher,
    hash: (...asked) => part(hash, () => hasher.hash(...asked), refused),
    verify: (...asked) => part(verify, () => hasher.verify(...asked), refused),
  }
}

/**
 * A part of something that is being traced: work of this process's own, and what nobody samples, has
 * no span. That is asked first, so that it costs next to nothing where nobody traces.
 */
function part<T>(
  { name, said }: { readonly name: string; readonly said: () => Attributes },
  deed: () => Promise<T>,
  told?: (span: Span, done: T) => void,
): Promise<T> {
  // A timer begun in a request still sees its span when that has long ended.
  return trace.getActiveSpan()?.isRecording() ? spanned(name, said(), deed, told) : deed()
}

function spanned<T>(
  name: string,
  attributes: Attributes,
  deed: () => Promise<T>,
  told: (span: Span, done: T) => void = () => {},
): Promise<T> {
  return tracer.startActiveSpan(name, { attributes }, async (span) => {
    try {
      const done = await deed()
      told(span, done)
      return done
    } catch (error) {
      failed(span, error)
      throw error
    } finally {
      span.end()
    }
  })
}

/** How a deed ended, as the caller is told it. */
function ended(span: Span, done: Answer | Refused): void {
  const status = done.ok ? done.status : problems[done.code].status
  span.setAttribute('http.response.status_code', status)
  if (!done.ok) refused(span, done)
}

/** A no is no error, unless it is this server that cannot. */
function refused(span: Span, done: { readonly ok: true } | Refusal): void {
  if (done.ok) return
  span.setAttribute('sallyport.refusal', done.code)
  if (problems[done.code].status >= 500) {
    span.setAttribute('error.type', done.code)
    span.setStatus({ code: SpanStatusCode.ERROR })
  }
}

/** What broke and where. Not its message: a driver may repeat in it what it was given. */
function failed(span: Span, error: unknown): void {
  const { name, stack = '' } = error instanceof Error ? error : new Error(String(error))
  const frames = stack.split('\n').filter((line) => /^\s+at /.test(line))
  span.setAttribute('error.type', name)
  span.setStatus({ code: SpanStatusCode.ERROR })
  span.recordException({ name, stack: frames.join('\n') })
}
