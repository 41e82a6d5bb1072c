import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { afterAll, describe, expect, it } from 'vitest'
import { openDataFolder } from '../../../lib/embedded/storage/data-folder.ts'
import { startBrokerProcess } from '../../helpers/broker-process.ts'
import { hydrawatch, scratch } from '../../helpers/cli.ts'
import { createTopic, kafkaClient, producerOf, readTopic } from '../../helpers/kafka-client.ts'
import { isBuilt, startProgram } from '../../helpers/program.ts'

const files = scratch()
afterAll(() => rmSync(files.folder, { recursive: true, force: true }))

/** `hydrawatch broker` on a folder that it should refuse. */
const refused = (folder: string) => hydrawatch(['broker', '--port', '0', '--registry-port', '0', '--data-dir', folder])

describe('hydrawatch broker --data-dir', () => {
  it('is wrong usage with a file, a folder of something else, or nothing', async () => {
    files.write('file', 'text')
    expect(await refused(files.path('file'))).toEqual({
      status: 2,
      out: '',
      err: expect.stringMatching(/^hydrawatch: E_DATA_DIR: .*file is a file, or lies below one\. Name a folder .*\n$/),
    })
    expect(await refused(files.folder)).toMatchObject({ status: 2, err: expect.stringContaining('holds other files') })
    expect(await refused('')).toMatchObject({ status: 2, err: expect.stringContaining('Name a folder.') })
  })

  it('fails on a folder that another broker has open', async () => {
    const open = openDataFolder(files.path('open'))
    expect(await refused(files.path('open'))).toMatchObject({
      status: 1,
      err: expect.stringMatching(/^hydrawatch: E_DATA_DIR_IN_USE: .* is open in process \d+ on .*\n$/),
    })
    await open.close()
  })

  it('fails on a folder of a newer version', async () => {
    await openDataFolder(files.path('newer')).close()
    const format = files.path('newer/format.json')
    writeFileSync(format, readFileSync(format, 'utf8').replace('"version":1', '"version":9'))
    expect(await refused(files.path('newer'))).toMatchObject({
      status: 1,
      err: expect.stringMatching(/E_DATA_DIR_VERSION: .* has data format 9/),
    })
  })

  it('fails on a damaged file and names it, the place and what to do', async () => {
    const data = openDataFolder(files.path('damaged'))
    for (const level of ['FULL', 'NONE']) data.registry.write([{ table: 'default-level', key: '', row: { level } }])
    await data.close()
    const journal = files.path('damaged/registry.journal')
    const bytes = readFileSync(journal)
    bytes[30] = (bytes[30] ?? 0) ^ 1
    writeFileSync(journal, bytes)
    expect(await refused(files.path('damaged'))).toMatchObject({
      status: 1,
      err: expect.stringMatching(
        /E_DATA_DAMAGED: .*registry\.journal is damaged at byte 0: .* Put back a copy of the data folder/,
      ),
    })
  })

  it.runIf(isBuilt())('fails on a folder that it may not write', async () => {
    mkdirSync(files.path('closed'))
    chmodSync(files.path('closed'), 0o555)
    chmodSync(files.folder, 0o755)
    // Root may write everywhere.
    const user = process.getuid?.() === 0 ? { user: 65_534 } : {}
    const program = startProgram(['broker', '--port', '0', '--data-dir', files.path('closed')], user)
    expect(await program.exit).toEqual([1, null])
    expect(program.err()).toMatch(/^hydrawatch: E_DATA_DIR_FAILED: cannot lock .*closed: EACCES/)
  })

  it.runIf(isBuilt())(
    'ends with status 1 and the reason when it cannot write any more, and loses nothing',
    async () => {
      const folder = files.path('full')
      const first = await startBrokerProcess(folder)
      const kafka = kafkaClient([first.brokers])
      const admin = kafka.admin()
      await admin.connect()
      const topic = await createTopic(admin)
      const producer = producerOf(kafka, { retry: { retries: 0 } })
      await producer.connect()
      await producer.send({ topic, messages: [{ value: 'kept' }] })
      const other = await createTopic(admin)
      // The first segment of another topic has nowhere to go.
      const logs = `${folder}/logs`
      renameSync(logs, `${logs}-away`)
      writeFileSync(logs, '')
      await expect(producer.send({ topic: other, messages: [{ value: 'refused' }] })).rejects.toThrow()
      expect(await first.program.exit).toEqual([1, null])
      expect(first.program.err()).toMatch(
        /hydrawatch: E_DATA_DIR_FAILED: cannot make .*logs.*: ENOTDIR.* See to rights and space/,
      )
      await producer.disconnect()
      await admin.disconnect()
      rmSync(logs)
      renameSync(`${logs}-away`, logs)
      const second = await startBrokerProcess(folder)
      const records = await readTopic(kafkaClient([second.brokers]), topic, (all) => all.length >= 1)
      expect(records.map(({ message }) => String(message.value))).toEqual(['kept'])
      await second.end('SIGTERM')
    },
  )

  it.runIf(isBuilt())('says what of a torn write it cut off, and goes on with the rest', async () => {
    const folder = files.path('torn')
    const first = await startBrokerProcess(folder)
    const admin = kafkaClient([first.brokers]).admin()
    await admin.connect()
    const topic = await createTopic(admin)
    const producer = producerOf(kafkaClient([first.brokers]))
    await producer.connect()
    for (const value of ['whole', 'torn']) await producer.send({ topic, messages: [{ value }] })
    await producer.disconnect()
    await admin.disconnect()
    await first.end('SIGKILL')
    const { path, bytes } = segmentOf(folder, topic)
    writeFileSync(path, bytes.subarray(0, bytes.length - 5))
    const second = await startBrokerProcess(folder)
    const kafka = kafkaClient([second.brokers])
    const after = producerOf(kafka)
    await after.connect()
    await after.send({ topic, messages: [{ value: 'new' }] })
    await after.disconnect()
    const records = await readTopic(kafka, topic, (all) => all.length >= 2)
    expect(records.map(({ message }) => String(message.value))).toEqual(['whole', 'new'])
    expect(second.program.err()).toMatch(/cut \d+ bytes of a write that was not finished off .*\.log at byte \d+/)
    await second.end('SIGTERM')
    expect(await second.program.exit).toEqual([0, null])
  })
})

/** The only segment of a topic with one partition. */
function segmentOf(folder: string, topic: string): { path: string; bytes: Buffer } {
  const name = readdirSync(`${folder}/logs`).find((entry) => entry.startsWith(`${topic}.`))
  const path = `${folder}/logs/${name}/0/00000000000000000000.log`
  return { path, bytes: readFileSync(path) }
}
