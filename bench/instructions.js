// What a request costs in instructions of the service, whatever else the machine does:
//   node instructions.js /path/to/lectern [NAME=value …] [/path/to/another [NAME=value …]]
// Each binary serves a demo of its own under callgrind. It is warmed up, then asked 200 requests one after the other: 25 each of Q1 to Q6 and M1.
// A second binary, or the same with other settings (LECTERN_METRICS_LISTEN=127.0.0.1:0), is compared with the first. Needs valgrind; REQUESTS=50 asks more of each, ENCODING=gzip asks for packed answers.

import { spawn, spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { OPERATIONS } from './lib/operations.js'
import { bare } from './lib/people.js'
import { sleep } from './lib/shell.js'

const ASKED = ['Q1', 'Q2', 'Q3', 'Q4', 'Q5', 'Q6a', 'Q6b', 'M1']
const REQUESTS = Number(process.env.REQUESTS ?? 25)
const WARM_UP = 10
const ENCODING = process.env.ENCODING ?? 'identity'
const SCHOOL = ['alpha-flight-school', 'alpha.example']

function control(pid, ...options) {
  const ended = spawnSync('callgrind_control', [...options, String(pid)], { encoding: 'utf8' })
  if (ended.status !== 0) throw new Error(`callgrind_control ${options}: ${ended.stdout}${ended.stderr}`)
}

class Service {
  static async start({ binary, settings }) {
    const service = new Service()
    service.folder = mkdtempSync(join(tmpdir(), 'lectern-instructions-'))
    chmodSync(service.folder, 0o755) // where the service must give up root, its user has to reach the folder
    const options = ['--tool=callgrind', '--instr-atstart=no', `--callgrind-out-file=${service.folder}/out`, binary, 'serve']
    const env = { ...process.env, LECTERN_DATA_DIR: join(service.folder, 'data'), LECTERN_LISTEN: '127.0.0.1:0', LECTERN_LOG: 'warn', LECTERN_RATE_BOOKINGS: '0', LECTERN_RATE_COST: '0', LECTERN_WORKER: 'off', ...settings }
    service.process = spawn('valgrind', options, { env, stdio: ['ignore', 'pipe', 'pipe'] })
    let said = ''
    for (const out of [service.process.stdout, service.process.stderr]) out.on('data', (text) => (said += text))
    for (const end = Date.now() + 300_000; !service.url; await sleep(100)) {
      service.url = / (http:\/\/\S+\/graphql)/.exec(said)?.[1]
      if (Date.now() > end || service.process.exitCode !== null) throw new Error(`${binary} did not start:\n${said}`)
    }
    return service
  }

  async stop() {
    const gone = new Promise((resolve) => this.process.once('exit', resolve))
    this.process.kill('SIGTERM')
    await gone
    rmSync(this.folder, { recursive: true, force: true })
  }

  async ask(query, variables, token) {
    const headers = { 'content-type': 'application/json', accept: 'application/json', 'accept-encoding': ENCODING, ...(token && { authorization: `Bearer ${token}` }) }
    const response = await fetch(this.url, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
    const { data, errors } = await response.json()
    if (errors) throw new Error(`${query}\n${JSON.stringify(variables)}\n${JSON.stringify(errors)}`)
    return data
  }

  async signIn(name) {
    const input = { tenant: SCHOOL[0], email: `${name}@${SCHOOL[1]}`, password: 'lectern-demo' }
    return (await this.ask('mutation ($input: LoginInput!) { login(input: $input) { accessToken } }', { input })).login.accessToken
  }

  /** The instructions since the last dump, of all threads. */
  count() {
    control(this.process.pid, '-d')
    const newest = readdirSync(this.folder).filter((name) => /^out\.\d+/.test(name)).sort((a, b) => a.split('.')[1] - b.split('.')[1]).at(-1)
    return Number(/^(?:totals|summary): (\d+)/m.exec(readFileSync(join(this.folder, newest), 'utf8'))[1])
  }
}

async function measure(served) {
  const service = await Service.start(served)
  try {
    const tokens = { VIEWER: await service.signIn('viewer'), LEARNER: await service.signIn('learner') }
    const viewed = (query) => service.ask(query, {}, tokens.VIEWER)
    const ids = (await viewed('{ courses(first: 20) { nodes { id status } } }')).courses.nodes
    const school = {
      courses: ids.filter(({ status }) => status === 'PUBLISHED').map(({ id }) => bare(id)),
      page: { cursors: { lectern: (await viewed('{ enrollments(first: 20) { pageInfo { endCursor } } }')).enrollments.pageInfo.endCursor } },
    }
    const today = Date.parse(new Date().toISOString().slice(0, 10))

    const request = (operation, number) => {
      const { lectern, lecternVariables, role, pick } = OPERATIONS[operation]
      const any = (list) => list[number % list.length]
      // Hours far apart, so that no booking meets another.
      const asked = pick({ school, any, whole: (below) => (number * 97) % below, today })
      return service.ask(lectern, lecternVariables?.(asked) ?? {}, tokens[role])
    }
    for (let number = 0; number < WARM_UP; number++) for (const operation of ASKED) await request(operation, number)
    control(service.process.pid, '-i', 'on')
    for (const operation of ASKED) await request(operation, WARM_UP)
    const counts = {}
    for (const operation of ASKED) {
      service.count()
      for (let number = 0; number < REQUESTS; number++) await request(operation, WARM_UP + 1 + number)
      counts[operation] = service.count() / REQUESTS
    }
    return counts
  } finally {
    await service.stop()
  }
}

const SETTING = /^([A-Z0-9_]+)=(.*)$/
const given = process.argv.slice(2)
if (given.length === 0 || SETTING.test(given[0])) {
  console.error('node instructions.js /path/to/lectern [NAME=value …] [/path/to/another [NAME=value …]]')
  process.exit(2)
}
const all = []
for (const argument of given) {
  const [, name, value] = SETTING.exec(argument) ?? []
  if (name) all.at(-1).settings[name] = value
  else all.push({ binary: resolve(argument), settings: {} })
}
const results = []
for (const served of all) results.push(await measure(served))
const thousands = (count) => Math.round(count / 1000).toLocaleString('en').padStart(10)
console.log(`thousands of instructions a request, the mean of ${REQUESTS}:`)
const row = (name, counts) =>
  console.log(name.padEnd(4) + counts.map(thousands).join('') + counts.slice(1).map((count) => `${((count / counts[0] - 1) * 100).toFixed(1).padStart(7)} %`).join(''))
for (const operation of ASKED) row(operation, results.map((counts) => counts[operation]))
row('all', results.map((counts) => ASKED.reduce((sum, operation) => sum + counts[operation], 0) / ASKED.length))
