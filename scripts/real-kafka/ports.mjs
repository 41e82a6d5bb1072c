import { createServer } from 'node:net'
import { StartError } from './start-error.mjs'

/**
 * Refuses a start that could not succeed, before anything is downloaded or written.
 *
 * @param {import('./properties.mjs').Node[]} nodes
 * @param {import('./registry.mjs').Registry | null} registry
 * @throws {StartError} E_PORT_IN_USE
 */
export async function checkPorts(nodes, registry) {
  for (const { port, controllerPort } of nodes) {
    await checkPort(port, 'broker')
    await checkPort(controllerPort, 'controller')
  }
  if (registry === null) return
  await checkPort(registry.port, 'registry')
  await checkPort(registry.managementPort, 'management of the registry')
}

/** @type {(port: number, role: string) => Promise<void>} */
function checkPort(port, role) {
  return new Promise((done, refuse) => {
    const server = createServer()
    server.once('error', (error) =>
      refuse(
        new StartError(
          'E_PORT_IN_USE',
          `port ${port} (${role}) on 127.0.0.1 cannot be bound (${error.message}); free it or choose another --port`,
        ),
      ),
    )
    server.listen(port, '127.0.0.1', () => server.close(() => done()))
  })
}
