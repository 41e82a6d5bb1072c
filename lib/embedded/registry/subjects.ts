import { z } from 'zod'
import { MemoryTables, type Tables } from '../storage/tables.ts'
import { type AvroSchema, parseSchema } from './avro-schema.ts'
import { COMPATIBILITY_LEVELS, type CompatibilityLevel, isCompatible } from './compatibility.ts'
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

const SCHEMAS_TABLE = 'schemas'
const schemaRow = z.object({ text: z.string() })
const SUBJECTS_TABLE = 'subjects'
const subjectRow = z.object({ ids: z.array(z.number()) })
const LEVELS_TABLE = 'levels'
const DEFAULT_LEVEL_TABLE = 'default-level'
const levelRow = z.object({ level: z.enum(COMPATIBILITY_LEVELS) })

const VERSION_MAX = 2 ** 31 - 1

/** Schemas by id, subjects with their versions, and the compatibility that each demands. Ids count from 1. */
export class SubjectStore {
  readonly #schemas: AvroSchema[] = []
  readonly #idsByIdentity = new Map<string, number>()
  /** Schema ids of each subject, version 1 first. */
  readonly #subjects = new Map<string, number[]>()
  readonly #levels = new Map<string, CompatibilityLevel>()
  readonly #tables: Tables
  #defaultLevel: CompatibilityLevel = 'BACKWARD'

  /** Takes up what is in the tables. */
  constructor(tables: Tables = new MemoryTables()) {
    this.#tables = tables
    const schemas = tables.rows(SCHEMAS_TABLE).map(({ key, row }) => ({ id: Number(key), ...schemaRow.parse(row) }))
    for (const { text } of schemas.sort((a, b) => a.id - b.id)) this.#add(parseSchema(text))
    for (const { key, row } of tables.rows(SUBJECTS_TABLE)) this.#subjects.set(key, subjectRow.parse(row).ids)
    for (const { key, row } of tables.rows(LEVELS_TABLE)) this.#levels.set(key, levelRow.parse(row).level)
    for (const { row } of tables.rows(DEFAULT_LEVEL_TABLE)) this.#defaultLevel = levelRow.parse(row).level
  }

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
    const id = known ?? this.#schemas.length + 1
    const versions = [...ids, id]
    const added = { table: SCHEMAS_TABLE, key: String(id), row: { text: schema.text } }
    const version = { table: SUBJECTS_TABLE, key: subject, row: { ids: versions } }
    this.#tables.write(known === undefined ? [added, version] : [version])
    if (known === undefined) this.#add(schema)
    this.#subjects.set(subject, versions)
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

  /** The versions that are this schema, of every subject. Throws RegistryError 40403. */
  versionsOfSchema(id: string): { subject: string; version: number }[] {
    this.schemaById(id)
    return [...this.#subjects].flatMap(([subject, ids]) => {
      const index = ids.indexOf(Number(id))
      return index < 0 ? [] : [{ subject, version: index + 1 }]
    })
  }

  versions(subject: string): number[] {
    return this.#idsOf(subject).map((_, index) => index + 1)
  }

  /** `version` is a number from 1, or "latest" or -1, which is the same. Throws RegistryError 40401, 40402, 42202. */
  version(subject: string, version: string): SchemaVersion {
    checkVersion(version)
    const ids = this.#idsOf(subject)
    const number = isLatest(version) ? ids.length : Number(version)
    const id = ids[number - 1]
    const schema = id === undefined ? undefined : this.#schemas[id - 1]
    if (id === undefined || schema === undefined) throw versionNotFound(version)
    return { subject, version: number, id, schema: schema.text }
  }

  /** Whether the subject's level lets this schema follow one version. The latest of no versions allows anything. */
  isCompatibleWith(subject: string, version: string, text: unknown): boolean {
    const schema = parseSchema(text)
    checkVersion(version)
    if (isLatest(version) && !this.#subjects.has(subject)) return true
    const { id } = this.version(subject, version)
    return isCompatible(this.levelFor(subject), schema.type, this.#typesOf([id]))
  }

  /** Whether the subject's level lets this schema be its next version. */
  isCompatible(subject: string, text: unknown): boolean {
    const ids = this.#subjects.get(subject) ?? []
    return isCompatible(this.levelFor(subject), parseSchema(text).type, this.#typesOf(ids))
  }

  get defaultLevel(): CompatibilityLevel {
    return this.#defaultLevel
  }

  set defaultLevel(level: CompatibilityLevel) {
    this.#tables.write([{ table: DEFAULT_LEVEL_TABLE, key: '', row: { level } }])
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
    this.#tables.write([{ table: LEVELS_TABLE, key: subject, row: { level } }])
    this.#levels.set(subject, level)
  }

  #add(schema: AvroSchema): void {
    this.#idsByIdentity.set(schema.identity, this.#schemas.push(schema))
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

const isLatest = (version: string) => version === 'latest' || version === '-1'

function checkVersion(version: string): void {
  if (isLatest(version)) return
  const number = Number(version)
  if (!/^\d+$/.test(version) || number < 1 || number > VERSION_MAX) throw invalidVersion(version)
}
