/**
 * The front door: what a host application imports.
 *
 * @module
 */
export { type Auditor, openAuditor, type RecordsWanted } from './auditor.ts'
export { type Restored, restore, restoredInPlace } from './backup.ts'
export type { CarriedCheckpoint, Told } from './chores.ts'
export { examine } from './doctor.ts'
export type { HostCaller, HostGate, HostGuard, HostKeyCaller, HostRefusal } from './host.ts'
export type { Need } from './http/host-guard.ts'
export type { From, Incoming } from './http/site.ts'
export { type Operator, openOperator, type SecretStatus } from './operator.ts'
export { type Listed, OperatorRefusal, type PeopleOperator } from './operator-people.ts'
export { SettingsError, saidIn, settings } from './options.ts'
export { Unavailable } from './ports.ts'
export type { Permission, Role } from './rules/access.ts'
export type { Finding } from './rules/doctor.ts'
export type { OwnAccess, OwnRole } from './rules/own-roles.ts'
export type { KeyUses } from './rules/retirement.ts'
export type { PolicyOf, Settings } from './rules/settings.ts'
export {
  environmentName,
  flagName,
  pathsOf,
  type Said,
  settle,
} from './rules/settle.ts'
export {
  createSallyport,
  openGate,
  type Sallyport,
  type SallyportOptions,
} from './sallyport.ts'
export type { Admitted, NotAdmitted, SocketGate, Upgrade } from './sockets.ts'
export { buildBreachFile } from './system/breach-file.ts'
export { migrateDatabase, pendingMigrations } from './upkeep.ts'
export type { ApiKey, Created, Problem, Reset, Session, Signed, User } from './wire.ts'
export { complaintsOf } from './world.ts'
