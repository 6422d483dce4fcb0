/**
 * The client in React: the session and what comes in as hooks, and guards that know when they do not
 * know.
 */

export {
  type Asking,
  type Fresh,
  RequireFresh,
  type RequireFreshProps,
  useFresh,
} from './react/fresh.tsx'
export {
  type GuardProps,
  RequirePermission,
  type RequirePermissionProps,
  RequireRole,
  type RequireRoleProps,
  SignedIn,
  type SignedInProps,
  SignedOut,
  type SignedOutProps,
} from './react/guards.tsx'
export { type SocketOptions, type UsedSocket, useEvents, useSocket } from './react/live.ts'
export {
  ClientProvider,
  type ClientProviderProps,
  type Loading,
  useClient,
  useSession,
  type Waiting,
} from './react/provider.tsx'
export {
  NeedsSetup,
  RequireSetup,
  type SetupGuardProps,
  type UsedSetup,
  useSetup,
} from './react/setup.tsx'
export type { SetupState } from './react/setup-status.ts'
