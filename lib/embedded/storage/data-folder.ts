import { mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { z } from 'zod'
import { Disk } from './disk.ts'
import { DamagedFile, DataFolderFailed, DataFolderTooNew, NotADataFolder } from './errors.ts'
import { FileStorage } from './file-storage.ts'
import { LOCK_NAME, lockFolder } from './folder-lock.ts'
import { Journal } from './journal.ts'
import { parseJson } from './json.ts'
import type { BrokerStorage } from './storage.ts'
import { hasCode } from './system-errors.ts'
import type { Tables } from './tables.ts'

export const FORMAT_NAME = 'format.json'
export const FORMAT_VERSION = 1
const FORMAT = 'hydrawatch-broker'
const formatText = z.object({ format: z.literal(FORMAT), version: z.number() })

// What a power cut can take is what was written within this time.
const FLUSH_INTERVAL_MS = 1_000

export interface DataFolderOptions {
  /** Told of what a crash has left behind and what was done about it. @default none */
  readonly log?: (line: string) => void
  /** Told once, when something could not be written. Nothing is written after that; stop the broker. @default none */
  readonly onFailure?: (error: DataFolderFailed) => void
}

/** A folder with the data of one embedded broker and one embedded registry, locked for this process. */
export interface DataFolder {
  readonly path: string
  readonly broker: BrokerStorage
  readonly registry: Tables
  /** Syncs and unlocks. The broker and the registry have been stopped before. */
  close(): Promise<void>
}

/**
 * Opens a data folder, or makes one where nothing is.
 *
 * @throws NotADataFolder, DataFolderInUse, DataFolderTooNew, DataFolderFailed, DamagedFile
 */
export function openDataFolder(folder: string, options: DataFolderOptions = {}): DataFolder {
  const { log = () => undefined, onFailure } = options
  const path = resolve(folder)
  makeFolder(path)
  const isNew = checkFormat(path)
  const unlock = lockFolder(path)
  try {
    const disk = new Disk(onFailure)
    if (isNew) writeFormat(disk, path)
    const broker = new FileStorage({ disk, folder: path, log })
    const registry = new Journal({ disk, path: join(path, 'registry.journal'), log })
    let flushing = Promise.resolve()
    const timer = setInterval(() => {
      flushing = flushing.then(() => disk.flush())
    }, FLUSH_INTERVAL_MS).unref()
    return {
      path,
      broker,
      registry,
      async close() {
        clearInterval(timer)
        await flushing
        try {
          disk.close()
        } finally {
          unlock()
        }
      },
    }
  } catch (error) {
    unlock()
    throw error
  }
}

function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true })
  } catch (error) {
    if (hasCode(error, 'EEXIST', 'ENOTDIR')) throw new NotADataFolder(path, 'is a file, or lies below one')
    throw new DataFolderFailed(path, 'make', error)
  }
}

/** Whether the folder is a new one. Throws NotADataFolder, DataFolderTooNew, DamagedFile, DataFolderFailed. */
function checkFormat(path: string): boolean {
  const names = attempt(path, () => readdirSync(path)).filter((name) => !isOurDraft(name))
  if (names.length === 0) return true
  if (!names.includes(FORMAT_NAME)) throw new NotADataFolder(path, 'holds other files, and is no data folder')
  const file = join(path, FORMAT_NAME)
  const format = formatText.safeParse(parseJson(attempt(file, () => readFileSync(file, 'utf8'))))
  if (!format.success) throw new DamagedFile(file, 0, 'it does not say what the folder is')
  if (format.data.version > FORMAT_VERSION) throw new DataFolderTooNew(path, format.data.version, FORMAT_VERSION)
  return false
}

function writeFormat(disk: Disk, path: string): void {
  const draft = join(path, `${FORMAT_NAME}.new`)
  disk.write(draft, 0, [Buffer.from(`${JSON.stringify({ format: FORMAT, version: FORMAT_VERSION })}\n`)])
  disk.sync(draft)
  disk.rename(draft, join(path, FORMAT_NAME))
  disk.syncFolder(path)
}

/** What a start that was killed in a new folder may leave. */
function isOurDraft(name: string): boolean {
  return name === LOCK_NAME || name.startsWith(`${LOCK_NAME}.`) || name === `${FORMAT_NAME}.new`
}

function attempt<T>(path: string, read: () => T): T {
  try {
    return read()
  } catch (error) {
    throw new DataFolderFailed(path, 'read', error)
  }
}
