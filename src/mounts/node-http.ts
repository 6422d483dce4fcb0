/**
 * What the mounts use of `node:http` beside its types. Not imported: as a module it has its `WebSocket` made,
 * and with it all that `fetch` needs, which takes 24 ms of a start.
 *
 * @module
 */
export const { STATUS_CODES } = process.getBuiltinModule('node:http')
