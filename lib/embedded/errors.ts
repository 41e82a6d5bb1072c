import { HydrawatchError } from '../ops/errors.ts'
import type { ErrorCode } from './protocol/error-codes.ts'

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
