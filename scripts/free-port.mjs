import { once } from 'node:events'
import { createServer } from 'node:net'

// `node scripts/free-port.mjs [COUNT]`: prints the first of COUNT ports in a row that are free on loopback; 2 without it, a
// broker and its controller.

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

const count = Number(process.argv[2] ?? 2)
if (!Number.isInteger(count) || count < 1) {
  process.stderr.write(`${process.argv[2]} is no number of ports; give one from 1 up\n`)
  process.exit(2)
}
for (let port = FIRST; port < LAST; port += count) {
  const ports = Array.from({ length: count }, (_, i) => port + i)
  const free = await Promise.all(ports.map(isFree))
  if (!free.includes(false)) {
    process.stdout.write(`${port}\n`)
    process.exit(0)
  }
}
process.stderr.write(`no ${count} free ports in a row from ${FIRST} to ${LAST}\n`)
process.exit(1)
