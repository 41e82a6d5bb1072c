/**
 * Why Kafka could not be started or stopped. `code` is stable, the message names the thing, the value and the next step.
 * The classes of lib/ops/errors.ts are TypeScript, which Node 20 does not run unbuilt, so this script has its own.
 */
export class StartError extends Error {
  /**
   * @param {string} code E_USAGE, E_NO_JAVA, E_NO_MAVEN, E_MAVEN, E_PORT_IN_USE, E_ALREADY_RUNNING, E_KAFKA_EXITED, …
   * @param {string} message
   */
  constructor(code, message) {
    super(message)
    this.name = 'StartError'
    this.code = code
  }

  /** 2 is wrong usage, 1 everything else, as for the hydrawatch commands. */
  get exitStatus() {
    return this.code === 'E_USAGE' ? 2 : 1
  }
}
