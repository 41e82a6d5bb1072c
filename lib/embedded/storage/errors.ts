import { HydrawatchError, UsageError } from '../../ops/errors.ts'

/** A path that cannot be a data folder, whatever is done about its rights. Exit status 2. */
export class NotADataFolder extends UsageError {
  override readonly code = 'E_DATA_DIR'

  constructor(path: string, reason: string) {
    super(
      `E_DATA_DIR: ${path} ${reason}. Name a folder that is empty, does not exist yet, or is a data folder already.`,
    )
  }
}

/** The system refuses a file operation on the data folder: no right to write, no space, a failing disk. */
export class DataFolderFailed extends HydrawatchError {
  readonly code = 'E_DATA_DIR_FAILED'
  readonly path: string

  constructor(path: string, operation: string, cause: unknown) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    super(
      `E_DATA_DIR_FAILED: cannot ${operation} ${path}: ${reason}. ` +
        'See to rights and space and start again; what was acknowledged before is still there.',
      { cause },
    )
    this.path = path
  }
}

/** Another live process, or this one, has the data folder open. */
export class DataFolderInUse extends HydrawatchError {
  readonly code = 'E_DATA_DIR_IN_USE'

  constructor(path: string, holder: { readonly pid: number; readonly host: string }, lockPath: string) {
    super(
      `E_DATA_DIR_IN_USE: ${path} is open in process ${holder.pid} on ${holder.host}. ` +
        `Stop that one, or use another folder; if it is certain that it is gone, delete ${lockPath}.`,
    )
  }
}

/** The folder was written by a newer version of this program. */
export class DataFolderTooNew extends HydrawatchError {
  readonly code = 'E_DATA_DIR_VERSION'

  constructor(path: string, found: number, known: number) {
    super(
      `E_DATA_DIR_VERSION: ${path} has data format ${found}, this version of hydrawatch knows ${known}. ` +
        'Start the version that wrote it, or use another folder. Nothing was changed.',
    )
  }
}

/** Bytes that were whole once and are not any more: no torn last write looks like this. */
export class DamagedFile extends HydrawatchError {
  readonly code = 'E_DATA_DAMAGED'
  readonly path: string
  readonly position: number

  constructor(path: string, position: number, reason: string) {
    super(
      `E_DATA_DAMAGED: ${path} is damaged at byte ${position}: ${reason}. Put back a copy of the data folder, ` +
        `or start over with another one. Cutting the file off at byte ${position} keeps what stands in front of it and loses the rest.`,
    )
    this.path = path
    this.position = position
  }
}
