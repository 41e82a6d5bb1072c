export interface JavaProcess {
  readonly name: string
  readonly code: string
  readonly mark: string
  readonly log: string
  readonly pidFile: string
}

export function hasGoneByItself(jvm: JavaProcess): boolean
export function runningPid(jvm: JavaProcess): number | undefined
