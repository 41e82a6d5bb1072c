import type { z } from 'zod'
import { envNames, type SettingField, settingFields, typeName } from './setting-fields.ts'

export interface SettingRow {
  readonly path: string
  readonly type: string
  /** JSON, or `required`, or a word for a published secret. */
  readonly default: string
  /** Environment variables that set it, separated by commas. */
  readonly env: string
  readonly description: string
}

/** Every setting of a schema as documentation, in the order of its definition. */
export function settingsTable(schema: z.ZodObject): SettingRow[] {
  return settingFields(schema).map((field) => ({
    path: field.path.join('.'),
    type: field.secret ? `${typeName(field.schema)}, secret` : typeName(field.schema),
    default: defaultText(field),
    env: envNames(field).join(', '),
    description: field.description,
  }))
}

/** The same as a Markdown table. */
export function settingsMarkdown(schema: z.ZodObject): string {
  const head = ['| setting | type | default | environment | meaning |', '|---|---|---|---|---|']
  const rows = settingsTable(schema).map((row) => {
    const env = row.env.split(', ').map(code).join(', ')
    return `| ${[code(row.path), cell(row.type), code(row.default), env, cell(row.description)].join(' | ')} |`
  })
  return `${[...head, ...rows].join('\n')}\n`
}

function defaultText({ defaultValue, secret }: SettingField): string {
  if (defaultValue === undefined) return 'required'
  return secret && defaultValue !== '' ? '(published)' : JSON.stringify(defaultValue)
}

function code(text: string): string {
  return `\`${cell(text)}\``
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|').replaceAll('\n', ' ')
}
