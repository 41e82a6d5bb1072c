import type { Server } from 'node:net'
import { HydrawatchError } from './errors.ts'

/** Another process listens on the port that was asked for. */
export class PortInUse extends HydrawatchError {
  readonly code = 'E_PORT_IN_USE'
  readonly host: string
  readonly port: number

  constructor(what: string, host: string, port: number) {
    super(
      `E_PORT_IN_USE: ${what} cannot listen on ${host}:${port}, the port is taken. ` +
        'Stop the process that holds it, or choose another port.',
    )
    this.host = host
    this.port = port
  }
}

/** The machine has no such address, or the port takes more rights than the process has. */
export class CanNotListen extends HydrawatchError {
  readonly code = 'E_CAN_NOT_LISTEN'

  constructor(what: string, host: string, port: number, reason: string) {
    super(
      `E_CAN_NOT_LISTEN: ${what} cannot listen on ${host}:${port} (${reason}). Choose an address of this machine and a port from 1024.`,
    )
  }
}

const REFUSALS = new Set(['EADDRNOTAVAIL', 'EACCES', 'ENOTFOUND', 'EAI_AGAIN'])

/** Starts listening; resolves with the port. Rejects with PortInUse or CanNotListen. */
export function listen(server: Server, what: string, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code === 'EADDRINUSE') reject(new PortInUse(what, host, port))
      else if (REFUSALS.has(error.code ?? '')) reject(new CanNotListen(what, host, port, error.code ?? ''))
      else reject(error)
    })
    server.listen(port, host, () => {
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new TypeError('the server has no TCP address'))
      else resolve(address.port)
    })
  })
}
