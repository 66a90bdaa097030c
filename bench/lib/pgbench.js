// The limit as PostgreSQL's own pgbench sees it: the same statements and the same transaction in one pipeline.
//
// pgbench can't take tenant and ids for each request out of a list. It has a few scripts for each operation instead, with a
// question each, and chooses among them at random. Each of its connections prepares and plans every script, which must be
// over with the warm-up: so the scripts are few, and planned once, for any value, which is where all of them end anyway.

import { spawn } from 'node:child_process'
import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { MIX, OPERATIONS } from './operations.js'

const SCRIPTS = 4

function script(operation, asked) {
  const { limit, limitValues, writes } = OPERATIONS[operation]
  const values = [asked.tenant, ...(limitValues?.(asked) ?? [])]
  // As pgbench has no strings but those of its command line, what is asked for stands there.
  const name = (at) => `v${asked.number}_${at}`
  const lines = [
    '\\startpipeline',
    `BEGIN ISOLATION LEVEL ${writes ? 'READ COMMITTED' : 'REPEATABLE READ READ ONLY'};`,
    `SET LOCAL app.tenant_id = '${asked.tenant}';`,
    `SET LOCAL app.user_id = '${asked.user}';`,
    `SET LOCAL app.permissions = '${asked.permissions}';`,
    `${limit.trim().replace(/\$(\d)/g, (_, number) => `:${name(number)}`)};`,
    'COMMIT;',
    '\\endpipeline',
    '',
  ]
  return { text: lines.join('\n'), variables: values.flatMap((value, at) => ['-D', `${name(at + 1)}=${value}`]) }
}

export class Pgbench {
  name = 'pgbench'
  title = 'SQL by hand, by pgbench'

  constructor(cluster, folder) {
    Object.assign(this, { cluster, folder, arguments: {} })
  }

  async start() {
    this.version = (await this.cluster.query('SHOW server_version'))[0].server_version.split(' ')[0]
  }

  async stop() {}

  pids() {
    return []
  }

  prepare(operation, questions) {
    const isMix = operation === 'mix'
    const chosen = isMix ? Object.keys(MIX).map((name) => questions.find(([one]) => one === name)) : questions.slice(0, OPERATIONS[operation].scripts ?? SCRIPTS)
    this.arguments[operation] = chosen.flatMap(([name, asked], number) => {
      const { text, variables } = script(name, { ...asked, number })
      const file = join(this.folder, `${operation}-${number}.pgbench`)
      writeFileSync(file, text)
      return [...variables, '-f', isMix ? `${file}@${MIX[name] * 2}` : file]
    })
  }

  async run(operation, { connections, warmUp, seconds }) {
    const log = join(this.folder, `pgbench-${operation}`)
    const began = Date.now() / 1000
    await pgbench(join(this.cluster.bin, 'pgbench'), [
      '-n', '-h', this.cluster.socket, '-U', 'lectern_app', '-M', 'prepared', '-c', connections, '-j', 1, '-T', Math.ceil(warmUp + seconds),
      '-l', '--log-prefix', log, ...this.arguments[operation], 'lectern',
    ])
    return this.read(log, began + warmUp, seconds)
  }

  /** Of each transaction the log tells how long it took, and when it ended. */
  read(log, from, seconds) {
    const latencies = []
    let total = 0
    for (const file of readdirSync(this.folder).filter((name) => join(this.folder, name).startsWith(`${log}.`))) {
      for (const line of readFileSync(join(this.folder, file), 'utf8').split('\n')) {
        const [, , microseconds, , second, fraction] = line.split(' ')
        if (!fraction) continue
        total++
        const ended = Number(second) + Number(fraction) / 1e6
        if (ended >= from && ended < from + seconds) latencies.push(Number(microseconds) / 1000)
      }
      rmSync(join(this.folder, file))
    }
    latencies.sort((one, other) => one - other)
    const at = (share) => latencies[Math.max(0, Math.ceil(latencies.length * share) - 1)] ?? NaN
    return { answers: latencies.length, refused: 0, total, seconds, bytes: 0, p50: at(0.5), p90: at(0.9), p99: at(0.99), max: at(1) }
  }
}

function pgbench(program, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args.map(String), { env: { ...process.env, PGOPTIONS: '-c plan_cache_mode=force_generic_plan' } })
    let out = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (out += chunk))
    child.on('error', reject)
    child.on('close', (code) => (code === 0 ? resolve() : reject(new Error(out))))
  })
}
