// What an import costs: `make bench-imports`, or `node imports/imports.js [--lectern PATH] [--lines 20000] [--cache FOLDER]`.
//
// A new school takes a bundle through the API: a dry run, the import, and the same import again, which changes nothing. One worker does it; how long
// each run took, and the most memory that the worker ever had (VmHWM: the programs that it maps are counted).

import { createHash, randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Cluster } from '../lib/cluster.js'
import { run, sleep, start, stop, until } from '../lib/shell.js'
import { bundle } from './bundle.js'

const HERE = new URL('.', import.meta.url).pathname
const ROOT = resolve(HERE, '../..')
const targets = JSON.parse(readFileSync(join(HERE, 'targets.json'), 'utf8'))

const { values: options } = parseArgs({
  options: {
    lectern: { type: 'string', default: process.env.LECTERN ?? join(ROOT, 'target/release/lectern') },
    lines: { type: 'string', default: String(targets.lines) },
    cache: { type: 'string', default: process.env.LECTERN_BENCH_CACHE ?? join(ROOT, 'bench/.cache') },
    out: { type: 'string' },
    // What took the longest inside PostgreSQL, by pg_stat_statements.
    statements: { type: 'boolean', default: false },
  },
})
const lines = Number(options.lines)

function freePort() {
  return new Promise((found) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => found(port))
    })
  })
}

/** A client that is signed in. */
async function client(url, account) {
  let token
  const ask = async (query, variables) => {
    const headers = { 'content-type': 'application/json', ...(token && { authorization: `Bearer ${token}` }) }
    const response = await fetch(`${url}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
    const { data, errors } = await response.json()
    if (errors) throw new Error(`${query}: ${JSON.stringify(errors)}`)
    return data
  }
  const signIn = async () => {
    token = undefined
    token = (await ask('mutation($i: LoginInput!) { login(input: $i) { accessToken } }', { i: account })).login.accessToken
  }
  await signIn()
  return { ask, signIn }
}

/** Uploads bytes; the file's id. */
async function upload({ ask }, bytes) {
  const sha256 = createHash('sha256').update(bytes).digest('hex')
  const input = { name: 'roster.zip', contentType: 'application/zip', size: bytes.length, sha256 }
  const { createUpload: place } = await ask('mutation($i: CreateUploadInput!) { createUpload(input: $i) { id url headers { name value } } }', { i: input })
  const headers = Object.fromEntries(place.headers.map(({ name, value }) => [name, value]))
  const put = await fetch(place.url, { method: 'PUT', headers, body: bytes })
  if (!put.ok) throw new Error(`the upload is answered ${put.status}: ${await put.text()}`)
  return (await ask('mutation($id: ID!) { completeUpload(id: $id) { id } }', { id: place.id })).completeUpload.id
}

/** Runs an import to its end: how long it took, and what became of its lines. */
async function imported(school, fileId, dryRun) {
  const started = await school.ask('mutation($i: StartImportInput!) { startImport(input: $i) { id } }', { i: { fileId, format: 'ONEROSTER_CSV', dryRun } })
  const query = `query($id: ID!) { importRun(id: $id) { state progress failureReason issueCount startedAt finishedAt counts { created updated unchanged removed rejected } } }`
  const at = []
  const began = Date.now()
  for (;;) {
    await sleep(250)
    if (at.length % 2000 === 1999) await school.signIn()
    const { importRun: run } = await school.ask(query, { id: started.startImport.id })
    at.push([Date.now() - began, run.progress])
    if (!['SUCCEEDED', 'FAILED', 'CANCELLED'].includes(run.state)) continue
    const seconds = (Date.parse(run.finishedAt) - Date.parse(run.startedAt)) / 1000
    const sum = (name) => run.counts.reduce((all, counts) => all + counts[name], 0)
    if (run.state !== 'SUCCEEDED' || run.issueCount > 0) throw new Error(JSON.stringify(run))
    // Half of the lines by then: where a line costs the more the later it comes, this is more than half of the time's inverse.
    const tenths = Array.from({ length: 10 }, (_, n) => at.find(([, progress]) => progress >= (n + 1) / 10)?.[0]).map((time) => time && Number((time / 1000).toFixed(1)))
    return { seconds: Number(seconds.toFixed(1)), created: sum('created'), updated: sum('updated'), unchanged: sum('unchanged'), tenths }
  }
}

const folder = join(options.cache, 'imports')
rmSync(folder, { recursive: true, force: true })
const files = join(folder, 'files')
mkdirSync(files, { recursive: true })
// As a deployment has it: statistics follow by themselves.
const settings = { autovacuum: 'on', ...(options.statements && { shared_preload_libraries: 'pg_stat_statements', 'pg_stat_statements.track': 'all' }) }
const cluster = new Cluster({ folder, scale: 1, lectern: options.lectern, root: ROOT, settings })
const processes = []
try {
  await cluster.start()
  const slug = `import-${randomBytes(4).toString('hex')}`
  const account = { tenant: slug, email: 'admin@import.example', password: randomBytes(12).toString('base64url') }
  const port = await freePort()
  const env = {
    ...cluster.environment(), LECTERN_LISTEN: `127.0.0.1:${port}`, LECTERN_SECRET_KEYS: randomBytes(32).toString('base64'), LECTERN_FILES: files,
    LECTERN_SIGNING_KEY: run(options.lectern, ['key']).trim(), LECTERN_LOG: process.env.LECTERN_LOG ?? 'warn', LECTERN_RATE_COST: '0',
    LECTERN_ACCESS_TOKEN_MINUTES: '60', LECTERN_DATA_DIR: folder,
  }
  run(options.lectern, ['tenant', 'create', '--slug', slug, '--name', 'Import', '--admin-email', account.email], { env, input: `${account.password}\n` })
  processes.push(start(options.lectern, ['serve'], join(folder, 'serve.log'), { env: { ...env, LECTERN_WORKER: 'off' } }))
  const url = `http://127.0.0.1:${port}`
  await until('Lectern', 60, async () => (await fetch(`${url}/healthz`)).ok)
  const school = await client(url, account)
  const bytes = bundle(lines)
  const file = await upload(school, bytes)
  const worker = start(options.lectern, ['worker'], join(folder, 'worker.log'), { env })
  processes.push(worker)
  const peak = () => Math.round(Number(/^VmHWM:\s+(\d+)/m.exec(readFileSync(`/proc/${worker.pid}/status`, 'utf8'))[1]) / 1024)

  if (options.statements) await cluster.query('CREATE EXTENSION IF NOT EXISTS pg_stat_statements')
  const results = { at: new Date().toISOString().slice(0, 10), cores: cpus().length, lines, bytes: bytes.length, runs: {} }
  for (const [name, dryRun] of [['dry run', true], ['import', false], ['again', false]]) {
    if (options.statements) await cluster.query('SELECT pg_stat_statements_reset()')
    results.runs[name] = { ...(await imported(school, file, dryRun)), mebibytes: peak() }
    if (options.statements) {
      const rows = await cluster.query(`SELECT round(total_exec_time) AS ms, calls, rows, regexp_replace(left(query, 110), '\\s+', ' ', 'g') AS query
        FROM pg_stat_statements ORDER BY total_exec_time DESC LIMIT 25`)
      console.log(`\n${name}`)
      for (const { ms, calls, rows: count, query } of rows) console.log(`${String(ms).padStart(8)} ms ${String(calls).padStart(7)} calls ${String(count).padStart(8)} rows  ${query}`)
    }
  }
  console.table(Object.fromEntries(Object.entries(results.runs).map(([name, { tenths, ...row }]) => [name, row])))
  for (const [name, { tenths }] of Object.entries(results.runs)) console.log(`${name}: seconds until each tenth of the lines: ${tenths.join(' ')}`)
  if (options.out ?? lines === targets.lines) writeFileSync(options.out ?? join(HERE, 'results.json'), JSON.stringify(results, null, 2) + '\n')
  // The targets are about the whole bundle.
  const { seconds } = results.runs.import
  if (peak() > targets.mebibytes || seconds > (targets.seconds * lines) / targets.lines) {
    console.error(`due: ${(targets.seconds * lines) / targets.lines} s, ${targets.mebibytes} MiB`)
    process.exitCode = 1
  }
} finally {
  for (const each of processes.reverse()) await stop(each)
  await cluster.stop()
}
