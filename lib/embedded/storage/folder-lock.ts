import { randomUUID } from 'node:crypto'
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { z } from 'zod'
import { DataFolderFailed, DataFolderInUse } from './errors.ts'
import { parseJson } from './json.ts'
import { hasCode } from './system-errors.ts'

export const LOCK_NAME = 'lock'

const holderText = z.object({ pid: z.number(), host: z.string(), start: z.string().nullable() })
type Holder = z.infer<typeof holderText>

/** Folders that this process has locked: its own id in a lock file says nothing about that. */
const lockedHere = new Set<string>()

/**
 * Takes the folder for this process; returns what gives it back. The lock is a file that says who holds it, and holds as
 * long as that process lives: the id, and where Linux tells it the boot and the start time, so that a stranger with the id of a
 * killed holder is not taken for it. A holder on another host cannot be looked at and counts as alive. Modification
 * times, as lock libraries use them, would let go of the lock of a process that is merely stopped.
 *
 * @throws DataFolderInUse, DataFolderFailed
 */
export function lockFolder(folder: string): () => void {
  const path = join(folder, LOCK_NAME)
  const ours = JSON.stringify({ pid: process.pid, host: hostname(), start: startOf(process.pid) } satisfies Holder)
  const draft = `${path}.${randomUUID()}`
  try {
    writeFileSync(draft, ours, { mode: 0o600 })
    // A link appears whole or not at all: nobody ever reads half a lock.
    while (!linked(draft, path)) evict(folder, path)
  } catch (error) {
    throw error instanceof DataFolderInUse ? error : new DataFolderFailed(folder, 'lock', error)
  } finally {
    rmSync(draft, { force: true })
  }
  lockedHere.add(path)
  return () => {
    lockedHere.delete(path)
    rmSync(path, { force: true })
  }
}

function linked(from: string, to: string): boolean {
  try {
    linkSync(from, to)
    return true
  } catch (error) {
    if (hasCode(error, 'EEXIST')) return false
    throw error
  }
}

/** Removes the lock of a holder that is gone. Throws DataFolderInUse when it is not. */
function evict(folder: string, path: string): void {
  const text = readIfThere(path)
  if (text === null) return
  const holder = holderText.safeParse(parseJson(text))
  if (holder.success && isAlive(holder.data, path)) throw new DataFolderInUse(folder, holder.data, path)
  const stale = `${path}.${randomUUID()}`
  try {
    renameSync(path, stale)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return
    throw error
  }
  // Somebody else may have evicted the same holder and locked in the meantime: give that lock back.
  if (readIfThere(stale) !== text) linked(stale, path)
  rmSync(stale, { force: true })
}

function isAlive({ pid, host, start }: Holder, path: string): boolean {
  if (host !== hostname()) return true
  if (pid === process.pid) return lockedHere.has(path)
  try {
    process.kill(pid, 0)
  } catch (error) {
    return hasCode(error, 'EPERM')
  }
  return start === null || start === startOf(pid)
}

/** When a process was started, as text to compare: boot and clock ticks. Null where the system has no /proc, or no such process. */
function startOf(pid: number): string | null {
  const stat = readIfThere(`/proc/${pid}/stat`)
  const boot = readIfThere('/proc/sys/kernel/random/boot_id')
  if (stat === null || boot === null) return null
  // The name in brackets may hold anything; the state comes behind it and the start time is field 22. See proc(5).
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  return fields[0] === 'Z' ? null : `${boot.trim()} ${fields[19]}`
}

function readIfThere(path: string): string | null {
  try {
    return readFileSync(path, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return null
    throw error
  }
}
