import { fromText } from '../ops/config-environment.ts'
import { ConfigError } from '../ops/config-error.ts'
import { nearestHint, type SettingTree, setPath } from '../ops/config-layer.ts'
import { settingFields } from '../ops/setting-fields.ts'
import { settingsSchema } from './settings-schema.ts'

/**
 * Settings of `--set section.name=value`, added to those that a command has options for. Values are read as those of
 * the environment are.
 *
 * @throws ConfigError for a name that is no setting, or no `=`.
 */
export function applySetOptions(assignments: readonly string[], flags: SettingTree): SettingTree {
  const fields = new Map(settingFields(settingsSchema).map((field) => [field.path.join('.'), field]))
  const values = structuredClone(flags)
  for (const assignment of assignments) {
    const equals = assignment.indexOf('=')
    const name = equals < 0 ? assignment : assignment.slice(0, equals)
    const field = fields.get(name)
    if (field === undefined) throw new ConfigError([`unknown setting \`${name}\`${nearestHint(name, fields.keys())}`])
    if (equals < 0) throw new ConfigError([`--set ${name} has no value; write --set ${name}=VALUE.`])
    setPath(values, field.path, fromText(field, assignment.slice(equals + 1)))
  }
  return values
}
