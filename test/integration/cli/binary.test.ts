import { once } from 'node:events'
import { expect, it } from 'vitest'
import { kafkaClient } from '../../helpers/kafka-client.ts'
import { isBuilt, startProgram, terminate } from '../../helpers/program.ts'
import { waitFor } from '../../helpers/wait-for.ts'

const itRuns = it.runIf(isBuilt())

itRuns('the broker as a process says where it is, serves there, and ends clean on SIGTERM', async () => {
  const program = startProgram(['broker', '--port', '0', '--registry-port', '0', '--json'])
  const line = await waitFor('its address', () => /^.+(?=\n)/.exec(program.out())?.[0])
  const { brokers, registry } = JSON.parse(line) as { brokers: string; registry: string }
  const admin = kafkaClient([brokers]).admin()
  await admin.connect()
  expect(await admin.listTopics()).toEqual([])
  await admin.disconnect()
  expect(await (await fetch(`${registry}/subjects`)).json()).toEqual([])
  expect(await terminate(program)).toEqual([0, null])
  expect(program.err()).toMatch(/one machine/)
})

itRuns('a process that reads a silent pipe ends on SIGTERM with status 1 and says why', async () => {
  const program = startProgram(['replay', '-', '--alerts', '-'])
  program.child.stdin?.write('not json\n')
  // Progress.
  await once(program.child.stderr!, 'data')
  expect(await terminate(program)).toEqual([1, null])
  expect(program.err()).toMatch(/hydrawatch: interrupted by SIGTERM\n$/)
})
