import { HydrawatchError } from '../../ops/errors.ts'

/**
 * A request that the registry answers with an error, in Confluent's numbers: an HTTP status and a finer error code.
 * Source: https://docs.confluent.io/platform/current/schema-registry/develop/api.html#errors
 */
export class RegistryError extends HydrawatchError {
  readonly code = 'E_REGISTRY_REQUEST'
  readonly status: number
  readonly errorCode: number

  constructor(status: number, errorCode: number, message: string) {
    super(message)
    this.status = status
    this.errorCode = errorCode
  }
}

export const subjectNotFound = (subject: string) => new RegistryError(404, 40401, `Subject '${subject}' not found.`)
export const versionNotFound = (version: string) => new RegistryError(404, 40402, `Version ${version} not found.`)
export const schemaNotFound = () => new RegistryError(404, 40403, 'Schema not found')
export const noSubjectConfig = (subject: string) =>
  new RegistryError(404, 40408, `Subject '${subject}' does not have subject-level compatibility configured`)
export const routeNotFound = () => new RegistryError(404, 404, 'HTTP 404 Not Found')
export const methodNotAllowed = () => new RegistryError(405, 405, 'HTTP 405 Method Not Allowed')
export const malformedRequest = (reason: string) => new RegistryError(400, 400, reason)
export const bodyTooLarge = (bytes_max: number) =>
  new RegistryError(413, 413, `The request is larger than ${bytes_max} bytes`)
export const incompatible = (subject: string) =>
  new RegistryError(409, 409, `Schema being registered is incompatible with an earlier schema for subject "${subject}"`)
export const invalidSchema = (reason: string) =>
  new RegistryError(422, 42201, `Input schema is an invalid schema: ${reason}`)
export const invalidVersion = (version: string) =>
  new RegistryError(
    422,
    42202,
    `The specified version '${version}' is not a valid version id. Allowed values are between [1, 2^31-1] and the string "latest"`,
  )
export const invalidLevel = (level: unknown) =>
  new RegistryError(
    422,
    42203,
    `Invalid compatibility level: ${String(level)}. Valid values are none, backward, forward, full, backward_transitive, forward_transitive, and full_transitive`,
  )
