import { type Program, startProgram } from './program.ts'
import { waitFor } from './wait-for.ts'

export interface BrokerProcess {
  readonly brokers: string
  readonly registryUrl: string
  readonly program: Program
  /** Ends it and resolves when it is gone. */
  end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void>
}

/** Starts `hydrawatch broker --data-dir`; resolves when it serves. On the ports of `before`, when there was one. */
export async function startBrokerProcess(dataDir: string, before?: BrokerProcess): Promise<BrokerProcess> {
  const port = portOf(before?.brokers ?? ':0')
  const registryPort = portOf(before?.registryUrl ?? ':0')
  const options = ['--port', port, '--registry-port', registryPort, '--data-dir', dataDir, '--json']
  const program = startProgram(['broker', ...options])
  const line = await waitFor('the broker to say where it is', () => {
    if (program.child.exitCode !== null) throw new Error(`the broker ended: ${program.err()}`)
    return program.out().includes('\n') && program.out()
  })
  const { brokers, registry } = JSON.parse(line) as { brokers: string; registry: string }
  return {
    brokers,
    registryUrl: registry,
    program,
    async end(signal) {
      program.child.kill(signal)
      await program.exit
    },
  }
}

/** The port at the end of an address or URL. */
function portOf(address: string): string {
  return address.slice(address.lastIndexOf(':') + 1)
}
