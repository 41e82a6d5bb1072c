import { HydrawatchError } from '../ops/errors.ts'
import type { ErrorCode } from './protocol/error-codes.ts'

/** Another process listens on the port that was asked for. */
export class PortInUse extends HydrawatchError {
  readonly code = 'E_PORT_IN_USE'
  readonly host: string
  readonly port: number

  constructor(what: string, host: string, port: number) {
    super(
      `E_PORT_IN_USE: ${what} cannot listen on ${host}:${port}, the port is taken. ` +
        'Stop the process that holds it, or choose another port (0 picks a free one).',
    )
    this.host = host
    this.port = port
  }
}

/** Bytes that are not a Kafka request, or a version that the broker did not offer. Costs the sender its connection. */
export class MalformedRequest extends HydrawatchError {
  readonly code = 'E_MALFORMED_REQUEST'
}

/** A request, or one partition of it, that the protocol answers with an error code. The connection lives on. */
export class Refused extends HydrawatchError {
  readonly code = 'E_REFUSED'
  readonly errorCode: ErrorCode

  constructor(errorCode: ErrorCode, message: string) {
    super(message)
    this.errorCode = errorCode
  }
}

/** The error code with which `attempt` was refused, or null. Anything but a refusal is thrown on. */
export function refusalOf(attempt: () => void): Refused | null {
  try {
    attempt()
    return null
  } catch (error) {
    if (error instanceof Refused) return error
    throw error
  }
}
