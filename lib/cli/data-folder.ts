import { stat } from 'node:fs/promises'
import { Option } from 'commander'
import { UsageError } from '../ops/errors.ts'

/** `--data`: traffic is simulated with the whole public sets instead of the cuttings that ship. */
export function dataOption(): Option {
  return new Option('--data <folder>', 'with more public traces and texts than the ones that ship')
}

/** @throws UsageError when it is not a folder. */
export async function checkDataFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => null)
  if (found?.isDirectory() !== true)
    throw new UsageError(`--data ${path} is not a folder; give the one that holds the public sets`)
}
