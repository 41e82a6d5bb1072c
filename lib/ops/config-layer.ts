import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { isPlainObject } from './canonical-json.ts'
import { ConfigError } from './config-error.ts'
import { nearestName } from './nearest.ts'

export type SettingTree = Record<string, unknown>

/** What one source says. Layers are merged in order of precedence; each is checked for unknown names by itself. */
export interface ConfigLayer {
  readonly values: SettingTree
  /** Where a setting of this layer was written, for error messages. */
  readonly source: (path: readonly string[]) => string
}

export function setPath(tree: SettingTree, path: readonly string[], value: unknown): void {
  let section = tree
  for (const key of path.slice(0, -1)) {
    const next = section[key]
    const child: SettingTree = isPlainObject(next) ? next : {}
    section[key] = child
    section = child
  }
  const last = path.at(-1)
  if (last !== undefined) section[last] = value
}

/** What follows an unknown name in a message. */
export function nearestHint(name: string, known: Iterable<string>): string {
  const nearest = nearestName(name, known)
  return nearest === undefined ? '; `hydrawatch config --markdown` lists all.' : `; did you mean \`${nearest}\`?`
}

export function readSecret(file: string, name: string): string {
  // Editors and `echo` end a file with a line break that is no part of the secret.
  return readText(file, `the file of ${name}`).replace(/\r?\n$/, '')
}

/** @throws ConfigError that says what could not be read, where and why. */
export function readText(file: string, what: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    throw new ConfigError([`cannot read ${what} at ${resolve(file)} (${reason}); check the path and its permissions.`])
  }
}
