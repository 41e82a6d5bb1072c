import { describe, expect, it, vi } from 'vitest'
import { type CliCommand, CommandFailed } from '../../../lib/cli/command.ts'
import { type CommandEntry, commandTable } from '../../../lib/cli/command-table.ts'
import { runCli } from '../../../lib/cli/run-cli.ts'
import { InvariantViolated, UnavailableError, UsageError } from '../../../lib/ops/errors.ts'
import { packageVersion } from '../../../lib/ops/package-info.ts'
import { type CapturedIo, capturedIo, closedPipe } from './captured-io.ts'

const quiet: CliCommand = { configure: () => {}, run: async () => {} }

function entry(name: string, command: Partial<CliCommand>): CommandEntry {
  return { name, summary: `does ${name}`, load: async () => ({ ...quiet, ...command }) }
}

async function failing(error: unknown): Promise<{ status: number; err: string }> {
  const io = capturedIo()
  const run = async () => {
    throw error
  }
  const status = await runCli(['fail'], io, [entry('fail', { run })])
  return { status, err: io.err() }
}

/** Runs until the command has been reached, so that a test can interrupt it. */
function running(io: CapturedIo, run: (signal: AbortSignal) => Promise<void>) {
  let started = () => {}
  const reached = new Promise<void>((resolve) => {
    started = resolve
  })
  const wait: CliCommand['run'] = (context) => {
    started()
    return run(context.signal)
  }
  return { reached, status: runCli(['wait'], io, [entry('wait', { run: wait })]) }
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve())
  })
}

describe('help', () => {
  it('lists every command on standard output without loading one', async () => {
    const load = vi.fn(commandTable[0]?.load)
    const io = capturedIo()
    expect(await runCli(['--help'], io, [{ name: 'heavy', summary: 'takes long to load', load }])).toBe(0)
    expect(io.out()).toMatch(/heavy\s+takes long to load/)
    expect(io.err()).toBe('')
    expect(load).not.toHaveBeenCalled()
  })

  it.each(commandTable.map(({ name, summary }) => [name, summary]))(
    'explains %s with its options',
    async (name, summary) => {
      for (const argv of [
        [name, '--help'],
        ['help', name],
      ]) {
        const io = capturedIo()
        expect(await runCli(argv, io)).toBe(0)
        expect(io.out()).toContain(`Usage: hydrawatch ${name}`)
        expect(io.out()).toContain(summary)
        expect(io.out()).toContain('--config <file>')
      }
    },
  )

  it('prints the version of the package', async () => {
    const io = capturedIo()
    expect(await runCli(['--version'], io)).toBe(0)
    expect(io.out()).toBe(`${packageVersion()}\n`)
  })

  it('goes to standard error when no command is given, which is wrong usage', async () => {
    const io = capturedIo()
    expect(await runCli([], io)).toBe(2)
    expect(io.out()).toBe('')
    expect(io.err()).toContain('Usage: hydrawatch')
  })
})

describe('wrong usage', () => {
  it.each([
    [['confg'], "unknown command 'confg' (Did you mean config?)"],
    [['config', '--jsno'], "unknown option '--jsno' (Did you mean --json?)"],
    [['--jsno', 'config'], "unknown option '--jsno'"],
    [['config', 'extra'], 'too many arguments'],
    [['config', '--config'], "option '--config <file>' argument missing"],
    [['config', '--set', 'hops.lenght_ms=5'], 'unknown setting `hops.lenght_ms`; did you mean `hops.length_ms`?'],
    [['config', '--set', 'hops.length_ms'], '--set hops.length_ms has no value'],
    [['config', '--set', 'hops.length_ms=x'], 'hops.length_ms is "x" (command line); expected integer'],
    [['config', '--config', '/nonexistent/file'], 'cannot read the configuration file /nonexistent/file'],
    [['config', '--json', '--markdown'], 'cannot be used with'],
  ])('%j is status 2 and one line on standard error', async (argv, message) => {
    const io = capturedIo()
    expect(await runCli(argv, io)).toBe(2)
    expect(io.err()).toContain(message)
    expect(io.err()).toMatch(/^hydrawatch: [^\n]+\n$/)
    expect(io.out()).toBe('')
  })

  it('includes a UsageError of a command', async () => {
    expect(await failing(new UsageError('no such file: x'))).toEqual({
      status: 2,
      err: 'hydrawatch: no such file: x\n',
    })
  })
})

describe('failure', () => {
  it('is status 1 and the message alone when somebody outside is at fault or a check fails', async () => {
    expect(await failing(new UnavailableError('no broker at x'))).toEqual({
      status: 1,
      err: 'hydrawatch: no broker at x\n',
    })
    expect(await failing(new CommandFailed('2 of 9 checks'))).toEqual({ status: 1, err: 'hydrawatch: 2 of 9 checks\n' })
  })

  it.each([[new TypeError('x is not a function')], [new InvariantViolated('state is wrong')]])(
    'is status 1 and a stack when the mistake is ours: %s',
    async (error) => {
      const { status, err } = await failing(error)
      expect(status).toBe(1)
      expect(err).toContain(error.message)
      expect(err).toMatch(/\n {4}at /)
    },
  )
})

describe('a command', () => {
  it('gets its options, its arguments and the settings, with --set above its own flags', async () => {
    const seen: unknown[] = []
    const command: CliCommand = {
      configure: (declared) => void declared.argument('<file...>').option('--partitions <n>'),
      run: async (context, options, args) => {
        const config = context.config({ topics: { partitions: 7 }, hops: { length_ms: 700, bound_ms: undefined } })
        seen.push(options, args, config.topics.partitions, config.hops.length_ms, config.hops.bound_ms)
      },
    }
    const argv = ['read', 'a', '--partitions', '3', '--set', 'hops.length_ms=900', 'b', '--set', 'log.level=warn']
    const env = { HYDRAWATCH_TOPICS_PARTITIONS: '6' }
    expect(await runCli(argv, capturedIo(env), [entry('read', command)])).toBe(0)
    expect(seen).toEqual([{ partitions: '3' }, ['a', 'b'], 7, 900, 30_000])
  })

  it('logs JSON lines to standard error at the configured level', async () => {
    const io = capturedIo({ HYDRAWATCH_LOG_LEVEL: 'warn' })
    const run: CliCommand['run'] = async ({ log }) => {
      log.info('not this')
      log.warn({ stage: 'fingerprints' }, 'this')
    }
    expect(await runCli(['talk'], io, [entry('talk', { run })])).toBe(0)
    expect(JSON.parse(io.err())).toMatchObject({ level: 'warn', stage: 'fingerprints', msg: 'this' })
  })
})

describe('an interruption', () => {
  it('is status 0 when the command came to a proper end', async () => {
    const io = capturedIo()
    const { reached, status } = running(io, aborted)
    await reached
    io.emit('SIGTERM')
    expect(await status).toBe(0)
  })

  it.each([
    ['throws the reason', (signal: AbortSignal) => signal.reason],
    ['throws what Node made of it', () => new DOMException('The operation was aborted', 'AbortError')],
  ])('is status 1 and says so when the command %s', async (_what, error) => {
    const io = capturedIo()
    const { reached, status } = running(io, async (signal) => {
      await aborted(signal)
      throw error(signal)
    })
    await reached
    io.emit('SIGINT')
    expect(await status).toBe(1)
    expect(io.err()).toBe('hydrawatch: interrupted by SIGINT\n')
  })

  it('leaves the second signal to the platform, which kills', async () => {
    const io = capturedIo()
    const { reached, status } = running(io, async (signal) => {
      await aborted(signal)
      expect(io.listenerCount('SIGINT') + io.listenerCount('SIGTERM')).toBe(0)
    })
    await reached
    io.emit('SIGINT')
    expect(await status).toBe(0)
  })

  it('leaves no handler behind after an ordinary end', async () => {
    const io = capturedIo()
    await runCli(['config'], io)
    expect(io.listenerCount('SIGINT') + io.listenerCount('SIGTERM')).toBe(0)
  })
})

describe('standard output', () => {
  it('may be closed by its reader: the command is asked to stop, quietly and with status 0', async () => {
    const io = capturedIo({}, closedPipe())
    const run: CliCommand['run'] = async (context) => {
      context.out.text('a result')
      await aborted(context.signal)
      throw context.signal.reason
    }
    expect(await runCli(['talk'], io, [entry('talk', { run })])).toBe(0)
    expect(io.err()).toBe('')
  })

  it('may be closed by its reader just as the command ends', async () => {
    const io = capturedIo({}, closedPipe())
    expect(await runCli(['config'], io)).toBe(0)
    expect(io.err()).toBe('')
  })

  it('that cannot be written for another reason is a failure', async () => {
    const full = closedPipe()
    full._write = (_chunk, _encoding, done) => done(Object.assign(new Error('no space left'), { code: 'ENOSPC' }))
    const io = capturedIo({}, full)
    expect(await runCli(['config'], io)).toBe(1)
    expect(io.err()).toContain('no space left')
  })
})
