import { UsageError } from '../../lib/ops/errors.ts'
import { type Library, loadLibrary, readLibrary } from '../sample/library.ts'
import { makeData, WHOLE_SETS } from '../sample/make-data.ts'

/**
 * The shipped texts and traces; with a folder of the full public sets (under the names that make-data reads), all of them.
 * Some of those may not be passed on: what is simulated with them stays at home.
 */
export function simulatorLibrary(dataFolder?: string): Library {
  if (dataFolder === undefined) return loadLibrary()
  const sets = readSets(dataFolder)
  return readLibrary((name) => sets.get(name) ?? '')
}

function readSets(dataFolder: string): Map<string, string> {
  try {
    return makeData(dataFolder, WHOLE_SETS)
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && 'path' in error)) throw error
    throw new UsageError(
      `can't read ${error.path} (${error.code}); the data folder must hold every set that make-data names`,
    )
  }
}
