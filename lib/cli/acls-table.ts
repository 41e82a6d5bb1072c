import { defaultPrincipal } from '../kafka/acls.ts'
import { type Right, rolesOf } from '../kafka/rights.ts'
import { stagesOf } from './pipeline.ts'
import { settingsSchema } from './settings-schema.ts'

const HEAD = ['role', 'for', 'rights']

/** Roles and their rights as a Markdown table, without a prefix. */
export function aclsTable(): string {
  const roles = rolesOf(stagesOf(settingsSchema.parse({})), '')
  const rows = roles.map(({ name, purpose, rights }) => [`\`${defaultPrincipal(name)}\``, purpose, rightsText(rights)])
  return [HEAD, HEAD.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |\n`).join('')
}

/** `Read topic a, b; Read group c`, with a star behind the beginning of names. */
function rightsText(rights: readonly Right[]): string {
  const groups = new Map<string, string[]>()
  for (const { operation, resource, name, pattern } of rights) {
    const kind = `${operation} ${resource}`
    groups.set(kind, [...(groups.get(kind) ?? []), `\`${name}${pattern === 'prefixed' ? '*' : ''}\``])
  }
  return [...groups].map(([kind, names]) => `${kind} ${names.join(', ')}`).join('; ')
}
