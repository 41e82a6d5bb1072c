import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, it } from 'vitest'
import { kafkaClient } from '../../helpers/kafka-client.ts'

const root = (path: string) => fileURLToPath(new URL(`../../../${path}`, import.meta.url))
const isBuilt = existsSync(root('dist/lib/cli/main.js'))
if (!isBuilt) process.stderr.write('the binary: skipped, dist/ is missing; run `npm run build`\n')

function start(...argv: readonly string[]) {
  const child = spawn(process.execPath, [root('bin/hydrawatch.js'), ...argv], {
    stdio: ['pipe', 'pipe', 'pipe'],
    env: { PATH: process.env.PATH },
  })
  let err = ''
  child.stderr.on('data', (chunk: Buffer) => {
    err += chunk.toString()
  })
  return { child, err: () => err, exit: once(child, 'exit') }
}

it.runIf(isBuilt)('the broker as a process says where it is, serves there, and ends clean on SIGTERM', async () => {
  const { child, err, exit } = start('broker', '--port', '0', '--registry-port', '0', '--json')
  const [line] = (await once(createInterface(child.stdout), 'line')) as [string]
  const { brokers, registry } = JSON.parse(line) as { brokers: string; registry: string }
  const admin = kafkaClient([brokers]).admin()
  await admin.connect()
  expect(await admin.listTopics()).toEqual([])
  await admin.disconnect()
  expect(await (await fetch(`${registry}/subjects`)).json()).toEqual([])
  child.kill('SIGTERM')
  expect(await exit).toEqual([0, null])
  expect(err()).toMatch(/one machine/)
})

it.runIf(isBuilt)('a process that reads a silent pipe ends on SIGTERM with status 1 and says why', async () => {
  const { child, err, exit } = start('replay', '-', '--alerts', '-')
  child.stdin.write('not json\n')
  // Progress.
  await once(child.stderr, 'data')
  child.kill('SIGTERM')
  expect(await exit).toEqual([1, null])
  expect(err()).toMatch(/hydrawatch: interrupted by SIGTERM\n$/)
})
