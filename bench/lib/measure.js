// One run: one system, one operation, some seconds.

import { spawn } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { OPERATIONS } from './operations.js'
import { cpuSeconds, descendants, memory } from './process.js'
import { writeRecords } from './wire.js'

export const CONNECTIONS = 32
const CHAIN = new URL('chain.js', import.meta.url).pathname
/** Whether a second request goes after the first. */
const isChain = (system, operation) => system.chain && OPERATIONS[operation]?.then

export class Measure {
  /** @param {{cluster, folder: string, load: string, seconds: number, warmUp: number}} options */
  constructor(options) {
    Object.assign(this, { connections: CONNECTIONS, ...options })
  }

  file = (system, operation) => join(this.folder, `${system.name}-${operation}.requests`)

  /** Writes what a system will be asked. */
  prepare(system, operation, questions) {
    if (system.prepare) return system.prepare(operation, questions)
    if (isChain(system, operation)) return writeFileSync(this.file(system, operation), JSON.stringify(questions.map(([name, asked]) => system.chain(name, asked))))
    writeRecords(this.file(system, operation), questions.map(([name, asked]) => system.request(name, asked)))
    if (system.prelude) writeRecords(join(this.folder, `${system.name}.prelude`), system.prelude())
  }

  loadOf(system, operation) {
    if (isChain(system, operation)) {
      return output(process.execPath, [CHAIN, system.address, this.file(system, operation), this.connections, this.warmUp, this.seconds].map(String))
    }
    const args = [system.protocol, system.address, this.file(system, operation), this.connections, this.warmUp, this.seconds]
    if (system.prelude) args.push(join(this.folder, `${system.name}.prelude`))
    return output(this.load, args.map(String))
  }

  async run(system, operation) {
    const database = () => cpuSeconds(descendants(this.cluster.process.pid))
    const before = { server: cpuSeconds(system.pids()), database: database() }
    const result = system.run ? await system.run(operation, this) : JSON.parse(await this.loadOf(system, operation))
    if (result.refused > 0) {
      throw new Error(`${system.title}, ${operation}: ${result.refused} of ${result.answers} were refused, such as ${result.sample}`)
    }
    if (result.answers === 0) throw new Error(`${system.title}, ${operation}: nothing was answered within ${result.seconds} s`)
    const perRequest = (seconds) => (1000 * seconds) / result.total
    return {
      rps: result.answers / result.seconds,
      p50: result.p50,
      p90: result.p90,
      p99: result.p99,
      max: result.max,
      bytes: result.bytes / result.answers,
      serverCpu: perRequest(cpuSeconds(system.pids()) - before.server),
      databaseCpu: perRequest(database() - before.database),
      memory: memory(system.pids()),
    }
  }
}

function output(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args)
    let out = ''
    let complaint = ''
    child.stdout.on('data', (chunk) => (out += chunk))
    child.stderr.on('data', (chunk) => (complaint += chunk))
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve(out) : reject(new Error(complaint))))
  })
}

export const median = (numbers) => {
  const sorted = [...numbers].sort((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}
