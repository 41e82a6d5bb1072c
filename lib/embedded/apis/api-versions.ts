import { API_VERSIONS, type ApiVersions } from '../protocol/api-keys.ts'
import { ErrorCode } from '../protocol/error-codes.ts'
import { Writer } from '../protocol/writer.ts'
import type { Handler } from '../request.ts'

export const apiVersions: Handler = (_request, response, version) => {
  writeVersions(response, ErrorCode.NONE, Object.values(API_VERSIONS))
  if (version >= 1) response.int32(0)
  return 'respond'
}

/**
 * The answer to an ApiVersions request that is newer than ours: version 0 of the response, which every client can read,
 * with the versions of ApiVersions to try instead (KIP-511).
 */
export function unsupportedApiVersions(): Writer {
  const response = new Writer()
  writeVersions(response, ErrorCode.UNSUPPORTED_VERSION, [API_VERSIONS.apiVersions])
  return response
}

function writeVersions(response: Writer, errorCode: ErrorCode, apis: readonly ApiVersions[]): void {
  response.int16(errorCode).array(apis, ({ key, min, max }) => response.int16(key).int16(min).int16(max))
}
