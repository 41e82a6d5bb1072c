import { createWriteStream, mkdirSync, type WriteStream } from 'node:fs'
import { join } from 'node:path'
import { finished } from 'node:stream/promises'

/** The three files of a saved demo: its events, the truth about them, and the alerts. */
export interface SavedFiles {
  event(line: string): void
  label(line: string): void
  alert(line: string): void
  close(): Promise<void>
}

/** Files `events.ndjson`, `labels.ndjson` and `alerts.ndjson` in `folder`; with null nothing is kept. */
export function savedFiles(folder: string | null): SavedFiles {
  if (folder === null) {
    const nothing = () => undefined
    return { event: nothing, label: nothing, alert: nothing, close: async () => undefined }
  }
  mkdirSync(folder, { recursive: true })
  const open = (name: string) => createWriteStream(join(folder, `${name}.ndjson`))
  const streams = { events: open('events'), labels: open('labels'), alerts: open('alerts') }
  const write = (stream: WriteStream) => (line: string) => void stream.write(`${line}\n`)
  return {
    event: write(streams.events),
    label: write(streams.labels),
    alert: write(streams.alerts),
    async close() {
      for (const stream of Object.values(streams)) {
        stream.end()
        await finished(stream)
      }
    },
  }
}
