import { describe, expect, it } from 'vitest'
import { brokerSettings } from '../../../scripts/real-kafka/properties.mjs'
import { chooseRung } from '../../helpers/broker-rung.ts'

describe('the broker of the integration tests', () => {
  it('is the embedded one unless somebody asks for another', () => {
    expect(chooseRung({})).toEqual({ name: 'embedded' })
    expect(chooseRung({ HYDRAWATCH_TEST_BROKER: 'embedded' })).toEqual({ name: 'embedded' })
    expect(chooseRung({ KAFKA_BROKERS: '', REQUIRE_KAFKA: '0' })).toEqual({ name: 'embedded' })
  })

  it('is the Kafka that is there, or one in a container', () => {
    expect(chooseRung({ KAFKA_BROKERS: 'a:1,b:2', REQUIRE_KAFKA: '1' })).toEqual({
      name: 'external',
      brokers: ['a:1', 'b:2'],
    })
    expect(chooseRung({ HYDRAWATCH_TEST_BROKER: 'container', REQUIRE_KAFKA: '1' })).toEqual({ name: 'container' })
  })

  it('is never silently another than the one that was asked for', () => {
    expect(() => chooseRung({ REQUIRE_KAFKA: '1' })).toThrow('there is no real Kafka: run under')
    expect(() => chooseRung({ REQUIRE_KAFKA: '1', HYDRAWATCH_TEST_BROKER: 'embedded' })).toThrow('no real Kafka')
    expect(() => chooseRung({ HYDRAWATCH_TEST_BROKER: 'podman' })).toThrow('it must be embedded or container')
    for (const asked of ['embedded', 'container']) {
      expect(() => chooseRung({ KAFKA_BROKERS: 'a:1', HYDRAWATCH_TEST_BROKER: asked })).toThrow('unset one of them')
    }
  })
})

it('a container gets each setting of a Kafka as a variable, whose underscores are points', () => {
  const names = Object.keys(brokerSettings({ id: 1, nodes: [{ id: 1, port: 1, controllerPort: 2 }], dataDir: '/d' }))
  expect(names.length).toBeGreaterThan(20)
  expect(names.filter((name) => !/^[a-z.]+$/.test(name))).toEqual([])
})
