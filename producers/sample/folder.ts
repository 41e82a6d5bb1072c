import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

// Compiled code lives in dist/producers/sample, the data stay where they are: three levels further up.
const beside = fileURLToPath(new URL('./data/', import.meta.url))
const packaged = fileURLToPath(new URL('../../../producers/sample/data/', import.meta.url))

/** Folder that holds the shipped sample data, from the sources and from the build alike. Ends in a slash. */
export const SAMPLE_DATA_FOLDER = existsSync(beside) ? beside : packaged
