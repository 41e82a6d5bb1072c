import { once } from 'node:events'
import { InvalidArgumentError, Option } from 'commander'
import { startEmbeddedBroker } from '../../embedded/broker.ts'
import { EMBEDDED_NOTICE } from '../../embedded/notice.ts'
import { startEmbeddedRegistry } from '../../embedded/registry.ts'
import { type DataFolder, openDataFolder } from '../../embedded/storage/data-folder.ts'
import { type CliCommand, type CliContext, jsonOption } from '../command.ts'
import { portNumber } from '../number-options.ts'

interface BrokerOptions {
  readonly port: number
  readonly registryPort: number
  readonly dataDir?: string
}

/** `hydrawatch broker`: the embedded broker and registry by themselves, until interrupted. */
export const broker: CliCommand<BrokerOptions> = {
  configure(command) {
    command
      .addOption(new Option('--port <port>', 'of the broker; 0 takes any free one').default(9092).argParser(portNumber))
      .addOption(
        new Option('--registry-port <port>', 'of the registry; 0 takes any free one')
          .default(8081)
          .argParser(portNumber),
      )
      .addOption(
        new Option(
          '--data-dir <dir>',
          'folder for topics, records, offsets and schemas, taken up again at the next start; without it all is in memory and gone at the end',
        ).argParser(folderName),
      )
      .addOption(jsonOption())
      .addHelpText('after', HELP)
  },

  async run(context, options) {
    if (options.dataDir === undefined) return serve(context, options, context.signal)
    const failure = new AbortController()
    const data = openDataFolder(options.dataDir, {
      log: (line) => context.log.warn(line),
      onFailure: (error) => failure.abort(error),
    })
    try {
      await serve(context, options, AbortSignal.any([context.signal, failure.signal]), data)
      failure.signal.throwIfAborted()
    } finally {
      await data.close()
    }
  },
}

const HELP = `
For one machine and for tests; production is Apache Kafka.

With --data-dir, a kill of the process loses nothing that was acknowledged. Bytes are forced to the disk every second, so a
power cut may take what was acknowledged in the last seconds, of one file more than of another.`

/** Serves until `signal` aborts; from a data folder, or from memory. */
async function serve(
  context: CliContext,
  { port, registryPort }: BrokerOptions,
  signal: AbortSignal,
  data?: DataFolder,
): Promise<void> {
  const log = (line: string) => context.log.debug(line)
  const running = await startEmbeddedBroker({ port, log, storage: data?.broker })
  try {
    const registry = await startEmbeddedRegistry({ port: registryPort, log, tables: data?.registry })
    try {
      context.out.note(EMBEDDED_NOTICE)
      context.out.note(data ? `data in ${data.path}` : 'all in memory, gone at the end; --data-dir keeps it')
      context.out.record(
        { brokers: running.address, registry: registry.url },
        `export KAFKA_BROKERS=${running.address} SCHEMA_REGISTRY_URL=${registry.url}`,
      )
      if (!signal.aborted) await once(signal, 'abort')
    } finally {
      await registry.stop()
    }
  } finally {
    await running.stop()
  }
}

function folderName(value: string): string {
  if (value.trim() === '') throw new InvalidArgumentError('Name a folder.')
  return value
}
