import { cpus, loadavg } from 'node:os'

export interface Machine {
  readonly node: string
  readonly cores: number
  readonly load_before: number
  readonly load_after: number
}

/** Notes the load of the machine; the function returned notes it again. */
export function startMachine(): () => Machine {
  const load_before = loadavg()[0] ?? 0
  return () => ({ node: process.version, cores: cpus().length, load_before, load_after: loadavg()[0] ?? 0 })
}

export function machineText({ node, cores, load_before, load_after }: Machine): string {
  return (
    `Node ${node}, ${cores} cores, load average ${load_before.toFixed(1)} before and ` +
    `${load_after.toFixed(1)} after the run.`
  )
}
