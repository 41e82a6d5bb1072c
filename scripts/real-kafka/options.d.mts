export type Mode = 'foreground' | 'detach' | 'stop' | 'exec' | 'help'
export type Options = {
  mode: Mode
  port: number
  brokers: number
  registry: boolean
  dir: string
  properties: string
  fresh: boolean
  command: string
}
export const USAGE: string
export function parseOptions(argv: string[]): Options
