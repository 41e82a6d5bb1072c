import { UsageError } from './errors.ts'

/** Settings were refused. `problems` has one sentence per setting, so that a file is repaired in one round. */
export class ConfigError extends UsageError {
  override readonly code = 'E_CONFIG'
  readonly problems: readonly string[]

  constructor(problems: readonly string[]) {
    super(problems.join('\n'))
    this.problems = problems
  }
}
