import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { UsageError } from '../../ops/errors.ts'
import { type LineOutput, openLineFile } from '../line-output.ts'

/** The three files of a saved demo: its events, the truth about them, and the alerts. */
export interface SavedFiles {
  readonly events: LineOutput
  readonly labels: LineOutput
  readonly alerts: LineOutput
  close(): Promise<void>
}

/**
 * Opens `events.ndjson`, `labels.ndjson` and `alerts.ndjson` in `folder`, which is made; with null nothing is kept.
 *
 * @throws UsageError when they can't be written there.
 */
export async function openSavedFiles(folder: string | null): Promise<SavedFiles> {
  if (folder === null) return { events: NOWHERE, labels: NOWHERE, alerts: NOWHERE, close: NOWHERE.close }
  await mkdir(folder, { recursive: true }).catch((error: NodeJS.ErrnoException) => {
    throw new UsageError(`can't write ${folder} (${error.code}); --save takes a folder that can be made or written`)
  })
  const open = (name: string) => openLineFile(join(folder, `${name}.ndjson`))
  const files = { events: await open('events'), labels: await open('labels'), alerts: await open('alerts') }
  return {
    ...files,
    async close() {
      for (const file of Object.values(files)) await file.close()
    },
  }
}

const NOWHERE: LineOutput = {
  write: () => undefined,
  drained: async () => undefined,
  close: async () => undefined,
}
