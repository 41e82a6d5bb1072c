import { once } from 'node:events'
import { createServer } from 'node:net'

// Prints a port that is free on loopback together with the next one: a broker and its controller.

// Below the ports that systems deal out by themselves (32768 and up on Linux), which others could take meanwhile.
const FIRST = 19_092
const LAST = 29_092

/** @param {number} port */
async function isFree(port) {
  const server = createServer()
  try {
    server.listen(port, '127.0.0.1')
    await once(server, 'listening')
    return true
  } catch {
    return false
  } finally {
    server.close()
  }
}

for (let port = FIRST; port < LAST; port += 2) {
  if ((await isFree(port)) && (await isFree(port + 1))) {
    process.stdout.write(`${port}\n`)
    process.exit(0)
  }
}
process.stderr.write(`no two free ports in a row from ${FIRST} to ${LAST}\n`)
process.exit(1)
