import type { Server } from 'node:net'
import { PortInUse } from './errors.ts'

/** Starts listening; resolves with the port. Rejects with PortInUse when the port is taken. */
export function listen(server: Server, what: string, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on('error', (error: NodeJS.ErrnoException) => {
      reject(error.code === 'EADDRINUSE' ? new PortInUse(what, host, port) : error)
    })
    server.listen(port, host, () => {
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new TypeError('the server has no TCP address'))
      else resolve(address.port)
    })
  })
}
