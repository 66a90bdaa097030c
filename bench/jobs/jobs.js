// What the queue costs: `make bench-jobs`, or `node jobs/jobs.js [--lectern PATH] [--cache FOLDER]`.
//
// A claim, asked by the role of the service, in which nothing is kept: at a million waiting jobs of a thousand schools, spread evenly; with
// nine in ten of them one school's, and older than all others; and with nothing to do. Then small jobs (purge.sessions), done by one worker.

import { readFileSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { randomBytes } from 'node:crypto'
import { parseArgs } from 'node:util'
import { Cluster } from '../lib/cluster.js'
import { sleep, start, stop } from '../lib/shell.js'

const HERE = new URL('.', import.meta.url).pathname
const ROOT = resolve(HERE, '../..')
const SCHOOLS = 1000
const JOBS = 1_000_000
const NOBODY = '00000000-0000-0000-0000-000000000000'

const { values: options } = parseArgs({
  options: {
    lectern: { type: 'string', default: process.env.LECTERN ?? join(ROOT, 'target/release/lectern') },
    cache: { type: 'string', default: process.env.LECTERN_BENCH_CACHE ?? join(ROOT, 'bench/.cache') },
    out: { type: 'string', default: join(HERE, 'results.json') },
  },
})
const targets = JSON.parse(readFileSync(join(HERE, 'targets.json'), 'utf8'))

/** Waiting jobs: of each school its share, and of the first one `hog` that are older than all others. */
async function fill(client, each, hog) {
  await client.query("SET session_replication_role = replica; SET app.audit = 'off'; TRUNCATE job")
  await client.query(`INSERT INTO tenant (tenant_id, slug, name, time_zone, subscription_start)
    SELECT md5(n::text)::uuid, 'queue-' || n, 'Queue', 'UTC', now() - interval '1 day' FROM generate_series(1, ${SCHOOLS}) AS n ON CONFLICT DO NOTHING`)
  const columns = '(tenant_id, id, kind, key, lane, is_spared, payload, correlation, max_attempts, run_at)'
  await client.query(`INSERT INTO job ${columns}
    SELECT md5(s::text)::uuid, app.uuid_v7(), 'purge.sessions', n::text, 'DEFAULT', false, '{}', 'bench', 8, now() - n * interval '1 second' - s * interval '1 millisecond'
    FROM generate_series(1, ${each}) AS n, generate_series(1, ${SCHOOLS}) AS s`)
  await client.query(`INSERT INTO job ${columns}
    SELECT md5('1')::uuid, app.uuid_v7(), 'purge.sessions', 'hog' || n, 'DEFAULT', false, '{}', 'bench', 8, now() - interval '1 year' FROM generate_series(1, ${hog}) AS n`)
  await client.query('RESET session_replication_role; RESET app.audit')
  await client.query('VACUUM (ANALYZE) job')
}

/** Milliseconds of a claim for every lane; nothing of it is kept. */
async function claims(client, times) {
  const measured = []
  for (let time = 0; time < times; time++) {
    await client.query(`BEGIN; SET LOCAL app.tenant_id = '${NOBODY}'; SET LOCAL app.user_id = '${NOBODY}'`)
    const began = process.hrtime.bigint()
    await client.query({
      name: 'claim',
      text: "SELECT * FROM app.claim_jobs('{DEFAULT,MAIL,DELIVERY,BULK}', '{4,4,16,2}', '{4,4,8,2}', gen_random_uuid(), gen_random_uuid(), 60)",
    })
    measured.push(Number(process.hrtime.bigint() - began) / 1e6)
    await client.query('ROLLBACK')
  }
  measured.sort((one, other) => one - other)
  const at = (share) => Number(measured[Math.floor((measured.length - 1) * share)].toFixed(2))
  return { median: at(0.5), p95: at(0.95) }
}

/** Seconds until one worker has done so many small jobs of a hundred schools. */
async function work(cluster, client, count) {
  await client.query('TRUNCATE job')
  // What comes by itself has come already.
  const worker = () => start(options.lectern, ['worker'], join(cluster.folder, 'worker.log'), { env: { ...cluster.environment(), LECTERN_SECRET_KEYS: randomBytes(32).toString('base64'), LECTERN_LOG: 'warn' } })
  const open = async (states) => Number((await client.query(`SELECT count(*) FROM job WHERE state IN (${states})`)).rows[0].count)
  const first = worker()
  do await sleep(500)
  while ((await open("'SUCCEEDED'")) < SCHOOLS * 2 || (await open("'QUEUED', 'RUNNING'")) > 0)
  await stop(first)
  await client.query("DELETE FROM job WHERE key LIKE 'small%'")
  await client.query(`INSERT INTO job (tenant_id, id, kind, key, lane, is_spared, payload, correlation, max_attempts)
    SELECT md5((1 + n % 100)::text)::uuid, app.uuid_v7(), 'purge.sessions', 'small' || n, 'DEFAULT', false, '{}', 'bench', 8 FROM generate_series(1, ${count}) AS n`)
  const second = worker()
  while ((await open("'QUEUED', 'RUNNING'")) > 0) await sleep(20)
  await stop(second)
  const { rows } = await client.query("SELECT extract(epoch FROM max(finished_at) - min(started_at)) AS seconds, count(*) FROM job WHERE key LIKE 'small%' AND state = 'SUCCEEDED'")
  if (Number(rows[0].count) !== count) throw new Error(`${rows[0].count} of ${count} jobs were done`)
  return Number(Number(rows[0].seconds).toFixed(2))
}

const cluster = new Cluster({ folder: options.cache, scale: 1, lectern: options.lectern, root: ROOT })
await cluster.start()
try {
  const client = await cluster.client()
  const app = await cluster.client('lectern_app')
  await client.query('TRUNCATE job')
  await claims(app, 20)
  const idle = await claims(app, 200)
  await fill(client, JOBS / SCHOOLS, 0)
  await claims(app, 20)
  const even = await claims(app, 200)
  await fill(client, JOBS / SCHOOLS / 10, JOBS * 0.9)
  await claims(app, 20)
  const hog = await claims(app, 200)
  const seconds = await work(cluster, client, targets.smallJobs)
  await client.query("SET session_replication_role = replica; DELETE FROM job; DELETE FROM tenant WHERE slug LIKE 'queue-%'")
  await app.end()
  await client.end()

  const results = { at: new Date().toISOString().slice(0, 10), cores: cpus().length, claim: { idle, even, hog }, smallJobsSeconds: seconds }
  writeFileSync(options.out, JSON.stringify(results, null, 2) + '\n')
  const rows = [
    ['a claim, nothing waits', `${idle.median} ms`, `${idle.p95} ms`, ''],
    ['a claim, 1,000,000 wait, 1,000 schools alike', `${even.median} ms`, `${even.p95} ms`, `${targets.claimMilliseconds} ms`],
    ["a claim, 900,000 of them one school's, and oldest", `${hog.median} ms`, `${hog.p95} ms`, `${targets.claimMilliseconds} ms`],
    [`${targets.smallJobs} small jobs, one worker`, `${seconds} s`, '', `${targets.smallJobsSeconds} s`],
  ]
  console.table(Object.fromEntries(rows.map(([what, median, p95, target]) => [what, { median, p95, target }])))
  const missed = [even.median, hog.median].some((median) => median > targets.claimMilliseconds) || seconds > targets.smallJobsSeconds
  if (missed) process.exitCode = 1
} finally {
  await cluster.stop()
}
