import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, it } from 'vitest'
import { tokensFrom, tokensInFile } from '../../../lib/kafka/oauth-token.ts'
import { scratch } from '../../helpers/cli.ts'

const SECRET = 'hunter22 & co'
const files = scratch()
let stop = async (): Promise<void> => undefined
afterEach(() => stop())

interface Asked {
  readonly authorization: string | undefined
  readonly form: Record<string, string>
}

async function endpoint(answer: (asked: Asked, response: ServerResponse) => void) {
  const asked: Asked[] = []
  const server = createServer(async (request: IncomingMessage, response) => {
    let body = ''
    for await (const piece of request) body += String(piece)
    const one = { authorization: request.headers.authorization, form: Object.fromEntries(new URLSearchParams(body)) }
    asked.push(one)
    answer(one, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  stop = async () => {
    server.closeAllConnections()
    await new Promise((resolve) => server.close(resolve))
  }
  const { port } = server.address() as AddressInfo
  let clock_ms = 1_000_000
  const url = `http://127.0.0.1:${port}/token`
  const options = { url, clientId: 'hw', clientSecret: SECRET, scope: 'kafka', timeout_ms: 5_000, now: () => clock_ms }
  return {
    asked,
    url,
    options,
    tick(by_ms: number) {
      clock_ms += by_ms
    },
  }
}

describe('tokens of an endpoint', () => {
  it('are asked for with the client credentials, once for all, and again shortly before they expire', async () => {
    let count = 0
    const { asked, options, tick } = await endpoint((_asked, response) => {
      response.end(JSON.stringify({ access_token: `token-${++count}`, expires_in: 600 }))
    })
    const tokens = tokensFrom(options)
    expect(await Promise.all([tokens(), tokens(), tokens()])).toEqual(['token-1', 'token-1', 'token-1'])
    tick(539_999)
    expect(await tokens()).toBe('token-1')
    tick(1)
    expect(await tokens()).toBe('token-2')
    const basic = `Basic ${Buffer.from('hw:hunter22+%26+co').toString('base64')}`
    expect(asked).toHaveLength(2)
    expect(asked[0]).toEqual({ authorization: basic, form: { grant_type: 'client_credentials', scope: 'kafka' } })
  })

  it('are not kept when the answer does not say how long they live', async () => {
    const { asked, options } = await endpoint((_asked, response) => response.end('{"access_token":"t"}'))
    const tokens = tokensFrom(options)
    await tokens()
    await tokens()
    expect(asked).toHaveLength(2)
  })

  it.each([
    [
      'a refused client',
      401,
      '{"error":"invalid_client","error_description":"hunter22 is wrong"}',
      false,
      'status 401, invalid_client',
    ],
    ['an endpoint in trouble', 503, 'hunter22', true, 'status 503'],
    ['an answer without a token', 200, '{"id_token":"hunter22"}', false, 'the answer has no access_token'],
    ['an answer that is none', 200, '<html>hunter22', false, 'the answer has no access_token'],
  ])('fail by name for %s, and quote nothing of the answer', async (_what, status, body, retriable, reason) => {
    const { options, url } = await endpoint((_asked, response) => response.writeHead(status).end(body))
    const failure = await tokensFrom(options)().catch((error: unknown) => error)
    expect(failure).toMatchObject({ code: 'E_OAUTH_TOKEN', retriable })
    expect(String(failure)).toContain(`no oauthbearer token from ${url} for client hw (${reason}`)
    expect(String(failure)).not.toContain('hunter22')
  })

  it('do not follow a redirect, which would carry the secret away', async () => {
    const { asked, options } = await endpoint((_asked, response) =>
      response.writeHead(307, { location: '/elsewhere' }).end(),
    )
    await expect(tokensFrom(options)()).rejects.toMatchObject({ code: 'E_OAUTH_TOKEN' })
    expect(asked).toHaveLength(1)
  })

  it('fail by name when nobody answers, and are asked for again the next time', async () => {
    let isUp = false
    const { options } = await endpoint((_asked, response) =>
      isUp ? response.end('{"access_token":"t","expires_in":60}') : response.destroy(),
    )
    const tokens = tokensFrom(options)
    await expect(tokens()).rejects.toMatchObject({ code: 'E_OAUTH_TOKEN', retriable: true })
    isUp = true
    expect(await tokens()).toBe('t')
  })
})

describe('tokens in a file', () => {
  it('are read each time, without the line break at their end', async () => {
    const path = files.write('token', 'first\n')
    const tokens = tokensInFile(path)
    expect(await tokens()).toBe('first')
    files.write('token', 'second\n')
    expect(await tokens()).toBe('second')
  })

  it('fail by name when the file is missing or empty', async () => {
    await expect(tokensInFile('/nowhere/token')()).rejects.toThrow(
      'no oauthbearer token from /nowhere/token (ENOENT); check kafka.sasl.oauth_token_file',
    )
    await expect(tokensInFile(files.write('empty', '\n'))()).rejects.toThrow('(the file is empty)')
  })
})
