import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

// Compiled code lives in dist/schemas, the .avsc files stay where they are: one level further up.
const beside = fileURLToPath(new URL('.', import.meta.url))
const packaged = fileURLToPath(new URL('../../schemas/', import.meta.url))

/** Folder that holds the `.avsc` files, from the sources and from the build alike. */
export const SCHEMAS_FOLDER = existsSync(join(beside, 'request.avsc')) ? beside : packaged
