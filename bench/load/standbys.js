// What standbys take off the primary: `node load/standbys.js [--standbys 2] [--requests 6000] [--connections 16] [--lectern PATH] [--cache FOLDER] [--out FILE]`.
//
// One primary and so many standbys that follow it, all on this machine. With none, one, two … of them in LECTERN_REPLICA_URL the same queries are asked: a page of 20 courses with their
// instructors and the number of their enrollments, by an administrator and a viewer who have not just written. Of each server it is measured how much processor time a query cost it. The servers
// share this machine's cores, so that requests a second can't grow here; what grows with each standby is how many queries there could be before one PostgreSQL server has no time left, which
// is a second of processor time divided by the most that a query costs any one of them. It fails where a standby takes less than 0.8 of its share, or an answer differs.

import { chownSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { Cluster } from '../lib/cluster.js'
import { ask } from '../lib/load.js'
import { Signer } from '../lib/people.js'
import { cpuSeconds, descendants } from '../lib/process.js'
import { Lectern } from '../lib/servers.js'
import { run, sleep, start, stop, until } from '../lib/shell.js'

const ROOT = resolve(new URL('.', import.meta.url).pathname, '../..')
const QUERY = '{ courses(first: 20) { nodes { id title enrollmentCount instructor { id name } } } }'
/** Of its share of the queries, what a standby has to take. */
const FAIR = 0.8

const { values: options } = parseArgs({
  options: {
    standbys: { type: 'string', default: process.env.STANDBYS ?? '2' },
    requests: { type: 'string', default: process.env.REQUESTS ?? '6000' },
    connections: { type: 'string', default: process.env.CONNECTIONS ?? '16' },
    lectern: { type: 'string', default: process.env.LECTERN ?? join(ROOT, 'target/release/lectern') },
    cache: { type: 'string', default: process.env.LECTERN_BENCH_CACHE ?? join(ROOT, 'bench/.cache') },
    out: { type: 'string' },
  },
})
const [STANDBYS, REQUESTS, CONNECTIONS] = ['standbys', 'requests', 'connections'].map((name) => Number(options[name]))

/** A copy of a running primary that follows it. */
class Standby {
  /** `count`: how many then follow the primary. */
  async start(primary, folder, count) {
    rmSync(folder, { recursive: true, force: true })
    this.folder = folder
    this.socket = mkdtempSync(join(tmpdir(), 'lectern-standby-'))
    const { account } = primary
    if (account.uid !== undefined) chownSync(this.socket, account.uid, account.gid)
    run(join(primary.bin, 'pg_basebackup'), ['-h', primary.socket, '-U', 'postgres', '-D', folder, '-R', '-X', 'stream', '-c', 'fast'], account)
    const settings = { shared_buffers: '1GB', max_connections: '100', jit: 'off', random_page_cost: '1.1', work_mem: '16MB', hot_standby_feedback: 'on', listen_addresses: '', unix_socket_directories: this.socket }
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    this.process = start(join(primary.bin, 'postgres'), ['-D', folder, ...flags], `${folder}.log`, account)
    const streaming = "SELECT FROM pg_stat_replication WHERE state = 'streaming' AND application_name <> 'pg_basebackup'"
    await until('the standby', 60, async () => (await primary.query(streaming)).length === count)
  }

  async stop() {
    await stop(this.process, 'SIGINT')
    for (const path of [this.socket, this.folder]) if (path) rmSync(path, { recursive: true, force: true })
  }
}

/** The administrator and the viewer of the school, with sessions as after `login`. */
async function gather(cluster, signer) {
  const client = await cluster.client()
  await client.query("SET app.audit = 'off'")
  const { rows } = await client.query(`INSERT INTO session (tenant_id, id, user_id)
    SELECT u.tenant_id, gen_random_uuid(), u.id FROM app_user u WHERE u.email ~ '^(admin|viewer)@scale-0001\\.'
    RETURNING tenant_id AS tenant, id AS session, user_id AS user, (SELECT u.token_version FROM app_user u WHERE u.tenant_id = session.tenant_id AND u.id = session.user_id) AS version`)
  await client.end()
  return rows.map((one) => ({ ...one, token: signer.token(one) }))
}

async function load(server, people, count) {
  let next = 0
  const first = new Map()
  const worker = async () => {
    while (next < count) {
      const person = people[next++ % people.length]
      const data = await ask(server, person, QUERY)
      if (!first.has(person)) first.set(person, data)
      if (!isDeepStrictEqual(data, first.get(person))) throw new Error('an answer differs')
    }
  }
  const began = performance.now()
  await Promise.all(Array.from({ length: CONNECTIONS }, worker))
  return count / ((performance.now() - began) / 1000)
}

const folder = join(options.cache, 'standbys')
mkdirSync(folder, { recursive: true })
const binary = resolve(options.lectern)
const primary = new Cluster({ folder: options.cache, scale: 1, lectern: binary, root: ROOT })
const standbys = []
const rows = []
let server
try {
  await primary.start()
  if (primary.account.uid !== undefined) chownSync(folder, primary.account.uid, primary.account.gid)
  const key = run(binary, ['key']).trim()
  const people = await gather(primary, new Signer(key))
  for (let count = 0; count <= STANDBYS; count++) {
    if (count > 0) {
      const standby = new Standby()
      standbys.push(standby)
      await standby.start(primary, join(folder, `standby-${count}`), count)
    }
    const hosts = standbys.map(({ socket }) => `${encodeURIComponent(socket)}:5432`).join(',')
    server = new Lectern(primary, folder, binary, key, count > 0 ? { LECTERN_REPLICA_URL: `postgresql://lectern_app@${hosts}/lectern?sslmode=disable` } : {})
    await server.start()
    // Until the standbys are found to be near enough, and statements are planned everywhere.
    await sleep(3000)
    await load(server, people, 1000)
    const all = [primary, ...standbys]
    const spent = () => all.map(({ process: { pid } }) => cpuSeconds(descendants(pid)))
    const before = spent()
    const perSecond = await load(server, people, REQUESTS)
    const cost = spent().map((after, place) => ((after - before[place]) * 1000) / REQUESTS)
    const most = Math.max(...cost)
    rows.push({
      standbys: count, 'requests a second': Math.round(perSecond), "primary's ms a query": Number(cost[0].toFixed(3)),
      "each standby's": cost.slice(1).map((each) => each.toFixed(3)).join(', '), 'queries a core-second of the busiest': Math.round(1000 / most),
    })
    await server.stop()
    server = undefined
  }
  console.table(rows)
  const possible = (row) => row['queries a core-second of the busiest']
  const missed = rows.slice(1).filter((row) => possible(row) < possible(rows[0]) * row.standbys * FAIR)
  for (const row of missed) console.log(`missed: with ${row.standbys} standbys ${possible(row)} queries, at least ${Math.round(possible(rows[0]) * row.standbys * FAIR)}`)
  if (missed.length > 0) process.exitCode = 1
  if (options.out) writeFileSync(options.out, `${JSON.stringify({ at: new Date().toISOString().slice(0, 10), cores: cpus().length, rows }, null, 2)}\n`)
} catch (error) {
  console.error(`standbys: ${error.message}\nthe server's log: ${server?.log && readFileSync(server.log, 'utf8').slice(-500)}`)
  process.exitCode = 1
} finally {
  await server?.stop()
  for (const standby of standbys) await standby.stop()
  await primary.stop()
}
