import type avro from 'avsc'
import { invalidLevel } from './registry-error.ts'

export const COMPATIBILITY_LEVELS = [
  'NONE',
  'BACKWARD',
  'BACKWARD_TRANSITIVE',
  'FORWARD',
  'FORWARD_TRANSITIVE',
  'FULL',
  'FULL_TRANSITIVE',
] as const

export type CompatibilityLevel = (typeof COMPATIBILITY_LEVELS)[number]

/** Reads a level in any case. Throws RegistryError 42203. */
export function parseLevel(level: unknown): CompatibilityLevel {
  const found = COMPATIBILITY_LEVELS.find((known) => known === String(level).toUpperCase())
  if (found === undefined) throw invalidLevel(level)
  return found
}

/**
 * Whether `candidate` may follow the schemas in `earlier`, oldest first. BACKWARD: consumers with the candidate can read
 * what the earlier schema wrote. FORWARD: consumers with the earlier schema can read what the candidate writes. FULL:
 * both. Without _TRANSITIVE only the latest earlier schema counts.
 * Source: https://docs.confluent.io/platform/current/schema-registry/fundamentals/schema-evolution.html
 */
export function isCompatible(level: CompatibilityLevel, candidate: avro.Type, earlier: readonly avro.Type[]): boolean {
  const compared = level.endsWith('_TRANSITIVE') ? earlier : earlier.slice(-1)
  const mustReadOld = level.startsWith('BACKWARD') || level.startsWith('FULL')
  const mustBeReadByOld = level.startsWith('FORWARD') || level.startsWith('FULL')
  return compared.every(
    (old) => (!mustReadOld || canRead(candidate, old)) && (!mustBeReadByOld || canRead(old, candidate)),
  )
}

function canRead(reader: avro.Type, writer: avro.Type): boolean {
  try {
    reader.createResolver(writer)
    return true
  } catch {
    return false
  }
}
