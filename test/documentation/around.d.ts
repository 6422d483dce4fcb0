/**
 * What stands around the lines that a page shows: names that a reader has in his own application. A block
 * that declares one of them itself means its own.
 */
declare const gate: import('sallyport').Sallyport
declare const client: import('sallyport/client').Client
declare const request: Request
declare const headers: Record<string, string>
declare const root: HTMLElement
declare const initial: import('sallyport/client').Signed | null
declare function render(state: import('sallyport/client').SessionState): void
declare function show(what: unknown): void

/** A socket of a host's own, whatever the library. */
declare const socket: {
  close(code: number, reason: string): void
  on(event: 'close', listener: () => void): void
  on(event: 'message', listener: (message: Buffer) => void): void
}
declare const ticket: string
declare function refuse(response: Response): void
declare function handle(caller: unknown, message: Buffer): void

declare function Application(props: {
  user?: import('sallyport/client').User
}): import('react').JSX.Element
declare function SignInPage(props: { reason?: string | undefined }): import('react').JSX.Element
declare function SetUpPage(): import('react').JSX.Element

/** What stood there before. */
declare const app: import('express').Express
declare const auth: {
  api: { getSession(of: { headers: unknown }): Promise<{ user: { email: string } } | null> }
}
declare const oldGuard: import('express').RequestHandler

/** The libraries that people come from. They are not installed: what is said of them is read, not run. */
declare module 'better-auth'
declare module 'better-auth/node'
declare module '@auth/express'
declare module 'express-session'
