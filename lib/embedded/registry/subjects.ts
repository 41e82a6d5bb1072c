import { type AvroSchema, parseSchema } from './avro-schema.ts'
import { type CompatibilityLevel, isCompatible } from './compatibility.ts'
import {
  incompatible,
  invalidVersion,
  noSubjectConfig,
  schemaNotFound,
  subjectNotFound,
  versionNotFound,
} from './registry-error.ts'

export interface SchemaVersion {
  readonly subject: string
  readonly version: number
  readonly id: number
  readonly schema: string
}

const VERSION_MAX = 2 ** 31 - 1

/** Schemas by id, subjects with their versions, and the compatibility that each demands. Ids count from 1. */
export class SubjectStore {
  readonly #schemas: AvroSchema[] = []
  readonly #idsByIdentity = new Map<string, number>()
  /** Schema ids of each subject, version 1 first. */
  readonly #subjects = new Map<string, number[]>()
  readonly #levels = new Map<string, CompatibilityLevel>()
  #defaultLevel: CompatibilityLevel = 'BACKWARD'

  subjects(): string[] {
    return [...this.#subjects.keys()]
  }

  /** Registers a version unless the subject has it already; returns the schema's id. Throws RegistryError. */
  register(subject: string, text: unknown): number {
    const schema = parseSchema(text)
    const ids = this.#subjects.get(subject) ?? []
    const known = this.#idsByIdentity.get(schema.identity)
    if (known !== undefined && ids.includes(known)) return known
    if (!isCompatible(this.levelFor(subject), schema.type, this.#typesOf(ids))) throw incompatible(subject)
    const id = known ?? this.#add(schema)
    this.#subjects.set(subject, [...ids, id])
    return id
  }

  /** The version under which a subject holds this schema. Throws RegistryError 40401, 40403. */
  lookUp(subject: string, text: unknown): SchemaVersion {
    const ids = this.#idsOf(subject)
    const id = this.#idsByIdentity.get(parseSchema(text).identity)
    if (id === undefined || !ids.includes(id)) throw schemaNotFound()
    return this.version(subject, String(ids.indexOf(id) + 1))
  }

  schemaById(id: string): string {
    const schema = /^\d+$/.test(id) ? this.#schemas[Number(id) - 1] : undefined
    if (!schema) throw schemaNotFound()
    return schema.text
  }

  versions(subject: string): number[] {
    return this.#idsOf(subject).map((_, index) => index + 1)
  }

  /** `version` is a number from 1 or "latest". Throws RegistryError 40401, 40402, 42202. */
  version(subject: string, version: string): SchemaVersion {
    checkVersion(version)
    const ids = this.#idsOf(subject)
    const number = version === 'latest' ? ids.length : Number(version)
    const id = ids[number - 1]
    const schema = id === undefined ? undefined : this.#schemas[id - 1]
    if (id === undefined || schema === undefined) throw versionNotFound(version)
    return { subject, version: number, id, schema: schema.text }
  }

  /** Whether the subject's level lets this schema follow one version. The latest of no versions allows anything. */
  isCompatibleWith(subject: string, version: string, text: unknown): boolean {
    const schema = parseSchema(text)
    checkVersion(version)
    if (version === 'latest' && !this.#subjects.has(subject)) return true
    const { id } = this.version(subject, version)
    return isCompatible(this.levelFor(subject), schema.type, this.#typesOf([id]))
  }

  get defaultLevel(): CompatibilityLevel {
    return this.#defaultLevel
  }

  set defaultLevel(level: CompatibilityLevel) {
    this.#defaultLevel = level
  }

  levelFor(subject: string): CompatibilityLevel {
    return this.#levels.get(subject) ?? this.#defaultLevel
  }

  /** The level that was set for this subject. Throws RegistryError 40408 when the default applies. */
  ownLevel(subject: string): CompatibilityLevel {
    const level = this.#levels.get(subject)
    if (level === undefined) throw noSubjectConfig(subject)
    return level
  }

  setLevel(subject: string, level: CompatibilityLevel): void {
    this.#levels.set(subject, level)
  }

  #add(schema: AvroSchema): number {
    const id = this.#schemas.push(schema)
    this.#idsByIdentity.set(schema.identity, id)
    return id
  }

  #idsOf(subject: string): number[] {
    const ids = this.#subjects.get(subject)
    if (ids === undefined) throw subjectNotFound(subject)
    return ids
  }

  #typesOf(ids: readonly number[]): AvroSchema['type'][] {
    return ids.flatMap((id) => this.#schemas[id - 1]?.type ?? [])
  }
}

function checkVersion(version: string): void {
  if (version === 'latest') return
  const number = Number(version)
  if (!/^\d+$/.test(version) || number < 1 || number > VERSION_MAX) throw invalidVersion(version)
}
