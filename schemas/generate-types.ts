import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { SCHEMAS_FOLDER } from './folder.ts'

type AvroSchema = string | AvroSchema[] | AvroNamed
interface AvroNamed {
  type: string
  name?: string
  doc?: string
  items?: AvroSchema
  symbols?: string[]
  fields?: { name: string; type: AvroSchema; doc?: string }[]
}

const PRIMITIVES: Record<string, string> = {
  null: 'null',
  boolean: 'boolean',
  int: 'number',
  long: 'number',
  float: 'number',
  double: 'number',
  string: 'string',
  bytes: 'Buffer',
}

/**
 * Renders the TypeScript interfaces that mirror every `.avsc` of this folder, as avsc decodes them: unions unwrapped,
 * longs as numbers, bytes as Buffers. A named type may appear in several files if it is the same everywhere.
 */
export function renderTypes(folder: string = SCHEMAS_FOLDER): string {
  const declarations = new Map<string, string>()
  for (const file of readdirSync(folder).sort()) {
    if (!file.endsWith('.avsc')) continue
    declare(JSON.parse(readFileSync(join(folder, file), 'utf8')) as AvroSchema, declarations, file)
  }
  const body = [...declarations.keys()].sort().map((name) => declarations.get(name))
  return `// Generated from the .avsc files by \`npm run schemas:types\`; test/unit/schemas/types.test.ts proves it is current.\n\n${body.join('\n\n')}\n`
}

function declare(schema: AvroSchema, declarations: Map<string, string>, file: string): string {
  if (typeof schema === 'string') return PRIMITIVES[schema] ?? schema
  if (Array.isArray(schema)) return schema.map((branch) => declare(branch, declarations, file)).join(' | ')
  if (schema.type === 'array') {
    const item = declare(schema.items ?? 'null', declarations, file)
    return item.includes('|') ? `(${item})[]` : `${item}[]`
  }
  if (schema.type !== 'record' && schema.type !== 'enum') return declare(schema.type, declarations, file)
  const name = schema.name ?? ''
  const text =
    schema.type === 'enum'
      ? `export type ${name} = ${(schema.symbols ?? []).map((symbol) => `'${symbol}'`).join(' | ')}`
      : renderRecord(name, schema, declarations, file)
  const known = declarations.get(name)
  if (known !== undefined && known !== text) throw new Error(`${file}: ${name} differs from its other definition`)
  declarations.set(name, text)
  return name
}

function renderRecord(name: string, schema: AvroNamed, declarations: Map<string, string>, file: string): string {
  const fields = (schema.fields ?? []).map((field) => {
    const type = declare(field.type, declarations, file)
    const ordered = type.startsWith('null | ') ? `${type.slice('null | '.length)} | null` : type
    return `${field.doc ? `  /** ${field.doc} */\n` : ''}  ${field.name}: ${ordered}`
  })
  return `${schema.doc ? `/** ${schema.doc} */\n` : ''}export interface ${name} {\n${fields.join('\n')}\n}`
}

/** Writes `types.ts` beside the sources; run from the project's root. */
export function writeTypes(): void {
  writeFileSync(join('schemas', 'types.ts'), renderTypes(join(process.cwd(), 'schemas')))
}
