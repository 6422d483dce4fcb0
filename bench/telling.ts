/**
 * Loaded before a program under measurement: tells by IPC what CPU the process has used.
 *
 * @module
 */
process.on('message', (message: { id: number; kind: string }) => {
  if (message.kind !== 'cpu') return
  const { user, system } = process.cpuUsage()
  process.send?.({ id: message.id, value: user + system })
})
// A program that ends by itself, such as one that refuses its settings, is not kept from it.
process.channel?.unref()
