import { once } from 'node:events'
import { Option } from 'commander'
import { startEmbeddedBroker } from '../../embedded/broker.ts'
import { EMBEDDED_NOTICE } from '../../embedded/notice.ts'
import { startEmbeddedRegistry } from '../../embedded/registry.ts'
import { type CliCommand, jsonOption } from '../command.ts'
import { portNumber } from '../number-options.ts'

interface BrokerOptions {
  readonly port: number
  readonly registryPort: number
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
      .addOption(jsonOption())
  },

  async run(context, { port, registryPort }) {
    const log = (line: string) => context.log.debug(line)
    const running = await startEmbeddedBroker({ port, log })
    try {
      const registry = await startEmbeddedRegistry({ port: registryPort, log })
      try {
        context.out.note(EMBEDDED_NOTICE)
        context.out.record(
          { brokers: running.address, registry: registry.url },
          `export KAFKA_BROKERS=${running.address} SCHEMA_REGISTRY_URL=${registry.url}`,
        )
        if (!context.signal.aborted) await once(context.signal, 'abort')
      } finally {
        await registry.stop()
      }
    } finally {
      await running.stop()
    }
  },
}
