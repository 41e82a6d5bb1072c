import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startEmbeddedBroker } from '../../lib/embedded/broker.ts'
import { startEmbeddedRegistry } from '../../lib/embedded/registry.ts'
import { type DataFolder, openDataFolder } from '../../lib/embedded/storage/data-folder.ts'
import { MemoryStorage } from '../../lib/embedded/storage/storage.ts'
import { MemoryTables } from '../../lib/embedded/storage/tables.ts'
import { ControlledService } from './service-control.ts'

/** Whether the embedded services keep their data in a folder, as `hydrawatch broker --data-dir` does. */
export const isOnDisk = process.env.HYDRAWATCH_TEST_DATA_DIR === '1'

/** An embedded registry that comes back with its schemas when it is stopped and started. */
export function openEmbeddedRegistry() {
  const tables = new MemoryTables()
  const openData = dataOpener()
  return ControlledService.open((port) =>
    withData(openData?.(), (data) => startEmbeddedRegistry({ port, tables: data?.registry ?? tables })),
  )
}

/** An embedded broker that comes back with all it had; connections that it closes by itself are told to `closedConnections`. */
export function openEmbeddedBroker(closedConnections: string[]) {
  const storage = new MemoryStorage()
  const openData = dataOpener()
  return ControlledService.open((port) =>
    withData(openData?.(), (data) =>
      startEmbeddedBroker({
        port,
        storage: data?.broker ?? storage,
        sessionTimeout_min_ms: 1_000,
        compactionInterval_ms: 0,
        log: (line) => {
          if (line.includes('closed a connection')) closedConnections.push(line)
        },
      }),
    ),
  )
}

/** Opens the data of one service, the same at each call; null in memory. */
function dataOpener(): (() => DataFolder) | null {
  if (!isOnDisk) return null
  const folder = mkdtempSync(join(tmpdir(), 'hydrawatch-data-'))
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }))
  return () => openDataFolder(folder)
}

/** A service whose data are closed when it has stopped. */
async function withData<S extends { stop(): Promise<void> }>(
  data: DataFolder | undefined,
  start: (data: DataFolder | undefined) => Promise<S>,
): Promise<S> {
  const service = await start(data)
  return {
    ...service,
    stop: async () => {
      await service.stop()
      await data?.close()
    },
  }
}
