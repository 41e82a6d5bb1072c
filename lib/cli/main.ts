import { runCli } from './run-cli.ts'

// Stages give themselves 25 s to leave their groups; platforms are asked to wait 40 s before SIGKILL (docs/operations.md).
const GRACE_MS = 35_000
// What is still open when a command has ended: connections to a broker that was too silent to be taken leave of.
const LINGER_MAX_MS = 2_000

process.on('SIGINT', giveGrace)
process.on('SIGTERM', giveGrace)
process.exitCode = await runCli(process.argv.slice(2), process)
setTimeout(() => process.exit(), LINGER_MAX_MS).unref()

/** A command that waits for a silent broker does not look at its signal: it has this long to end by itself. */
function giveGrace(signal: NodeJS.Signals): void {
  // Without a handler the second signal kills.
  process.off('SIGINT', giveGrace)
  process.off('SIGTERM', giveGrace)
  setTimeout(() => {
    process.stderr.write(`hydrawatch: not done ${GRACE_MS / 1000} s after ${signal}; ended where it was\n`)
    process.exit(1)
  }, GRACE_MS).unref()
}
