import { DataFolderFailed } from './storage/errors.ts'

/**
 * Calls `work` after a while; keeps no process alive. A data folder that fails has told its owner, who ends the broker;
 * a timer has nobody else to tell.
 */
export function after(delay_ms: number, work: () => void): NodeJS.Timeout {
  return setTimeout(() => toleratingFailedData(work), delay_ms).unref()
}

function toleratingFailedData(work: () => void): void {
  try {
    work()
  } catch (error) {
    if (!(error instanceof DataFolderFailed)) throw error
  }
}
