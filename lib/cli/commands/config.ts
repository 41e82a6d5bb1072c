import { Option } from 'commander'
import { stringify } from 'yaml'
import { describeConfig } from '../../ops/config.ts'
import { settingsMarkdown } from '../../ops/settings-table.ts'
import { type CliCommand, jsonOption } from '../command.ts'
import { settingsSchema } from '../settings-schema.ts'

/** `hydrawatch config`: what all sources together come to, secrets masked; `--markdown` is the reference. */
export const config: CliCommand<{ markdown?: boolean }> = {
  configure(command) {
    command.addOption(jsonOption())
    command.addOption(
      new Option('--markdown', 'print every setting with type, default and environment variable').conflicts('json'),
    )
  },
  async run(context, options) {
    if (options.markdown) {
      context.out.text(settingsMarkdown(settingsSchema))
      return
    }
    const shown = describeConfig(settingsSchema, context.config())
    context.out.record(shown, stringify(shown))
  },
}
