// Running other programs.

import { spawn, spawnSync } from 'node:child_process'
import { existsSync, openSync, readdirSync } from 'node:fs'
import { join } from 'node:path'

/** Runs a program to its end; its output, or an error that holds it. */
export function run(program, args, options = {}) {
  const ended = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1 << 28, ...options })
  if (ended.status !== 0) {
    throw new Error(`${program} ${args.join(' ')}: ${ended.error?.message ?? ''}\n${ended.stdout}${ended.stderr}`)
  }
  return ended.stdout
}

/** Starts a program that stays; its output goes to a file. */
export function start(program, args, log, options = {}) {
  const out = openSync(log, 'a')
  return spawn(program, args, { stdio: ['ignore', out, out], ...options })
}

/** Ends a program and waits until it has gone. */
export function stop(child, signal = 'SIGTERM') {
  if (!child || child.exitCode !== null || child.signalCode !== null) return Promise.resolve()
  return new Promise((resolve) => {
    child.once('exit', resolve)
    child.kill(signal)
  })
}

export const sleep = (milliseconds) => new Promise((resolve) => setTimeout(resolve, milliseconds))

/** Asks again and again until it is true. */
export async function until(what, seconds, ask) {
  for (const end = Date.now() + seconds * 1000; Date.now() < end; await sleep(50)) {
    try {
      if (await ask()) return
    } catch {
      // not yet
    }
  }
  throw new Error(`${what} is not there after ${seconds} s`)
}

/** The folder of PostgreSQL's programs: LECTERN_PG_BIN, the newest that the system has, or what the PATH leads to. */
export function postgresFolder() {
  if (process.env.LECTERN_PG_BIN) return process.env.LECTERN_PG_BIN
  const installed = '/usr/lib/postgresql'
  if (existsSync(installed)) {
    const versions = readdirSync(installed).sort((a, b) => Number(b) - Number(a))
    const found = versions.map((version) => join(installed, version, 'bin')).find((folder) => existsSync(join(folder, 'initdb')))
    if (found) return found
  }
  return run('pg_config', ['--bindir']).trim()
}
