// The benchmark: `make bench`, or `node bench.js --help`.

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { cpus, release, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { agree } from './lib/agreement.js'
import { Cluster } from './lib/cluster.js'
import { growth } from './lib/growth.js'
import { Limit } from './lib/limit.js'
import { Measure, CONNECTIONS } from './lib/measure.js'
import { MIX_TITLE, OPERATIONS } from './lib/operations.js'
import { signIn, Signer } from './lib/people.js'
import { Pgbench } from './lib/pgbench.js'
import { plot } from './lib/plot.js'
import { Questions } from './lib/questions.js'
import { judge, summarise } from './lib/results.js'
import { Lectern, PostGraphile4, PostGraphile5 } from './lib/servers.js'
import { run } from './lib/shell.js'
import { resultsTable, targetsTable, writeTable } from './lib/table.js'

const HERE = new URL('.', import.meta.url).pathname
const ROOT = resolve(HERE, '..')
const ALL = [...Object.keys(OPERATIONS), 'mix']
const EVERYBODY = 'pgbench,limit,lectern,postgraphile5,postgraphile4'

const { values: options } = parseArgs({
  options: {
    rounds: { type: 'string', default: process.env.ROUNDS ?? '5' },
    duration: { type: 'string', default: process.env.DURATION ?? '5' },
    'warm-up': { type: 'string', default: process.env.WARM_UP ?? '2' },
    ops: { type: 'string', default: process.env.OPS ?? ALL.join(',') },
    systems: { type: 'string', default: process.env.SYSTEMS ?? EVERYBODY },
    scale: { type: 'string', default: process.env.SCALE ?? '100' },
    connections: { type: 'string', default: process.env.CONNECTIONS ?? String(CONNECTIONS) },
    lectern: { type: 'string', default: process.env.LECTERN ?? join(ROOT, 'target/release/lectern') },
    load: { type: 'string', default: join(HERE, 'load/target/release/load') },
    cache: { type: 'string', default: process.env.LECTERN_BENCH_CACHE ?? join(HERE, '.cache') },
    out: { type: 'string' },
    growth: { type: 'boolean', default: false },
    serve: { type: 'boolean', default: false },
    help: { type: 'boolean', default: false },
  },
})

if (options.help) {
  console.log(`node bench.js [--rounds 5] [--duration 5] [--warm-up 2] [--ops ${ALL.join(',')}]
              [--systems ${EVERYBODY}] [--scale 100] [--connections 32]
              [--lectern PATH] [--cache FOLDER] [--out FOLDER]
              [--growth | --serve]
Each is an environment variable, too: ROUNDS, DURATION, WARM_UP, OPS, SYSTEMS, SCALE, CONNECTIONS, LECTERN, LECTERN_BENCH_CACHE.`)
  process.exit(0)
}

const operations = options.ops.split(',')
const unknown = operations.find((operation) => !ALL.includes(operation))
if (unknown) throw new Error(`there is no operation ${unknown}: ${ALL.join(', ')}`)
// A part of the benchmark is no result: it is not written over one.
const isWhole = operations.length === ALL.length && options.systems === EVERYBODY && Number(options.rounds) >= 3
const out = options.out ?? (isWhole ? HERE : join(options.cache, 'last'))
const work = join(options.cache, 'requests')
const lecternBinary = resolve(options.lectern)
let cluster
let systems = []

async function openCluster(scale) {
  cluster = new Cluster({ folder: options.cache, scale, lectern: lecternBinary, root: ROOT })
  await cluster.start()
  return cluster
}

async function closeAll() {
  for (const system of systems.splice(0)) await system.stop()
  await cluster?.stop()
  cluster = undefined
}

/** Everybody started, everybody signed in, every request chosen. */
async function setUp(names) {
  const key = run(lecternBinary, ['key']).trim()
  const people = await signIn(cluster, new Signer(key))
  const make = {
    pgbench: () => new Pgbench(cluster, work),
    limit: () => new Limit(cluster),
    lectern: () => new Lectern(cluster, work, lecternBinary, key),
    postgraphile5: () => new PostGraphile5(cluster, work),
    postgraphile4: () => new PostGraphile4(cluster, work),
  }
  for (const name of names) {
    const system = make[name]()
    systems.push(system)
    await system.start()
  }
  const questions = await Questions.load(cluster, people)
  if (operations.includes('Q6b') || operations.includes('mix')) await questions.findPages(systems.filter((system) => system.cursorAt))
  return questions
}

function machine() {
  return { processor: cpus()[0].model, cores: cpus().length, memoryGiB: Math.round(totalmem() / 2 ** 30), kernel: release() }
}

function timing() {
  const number = (name) => Number(options[name])
  return new Measure({
    cluster, folder: work, load: options.load, seconds: number('duration'), warmUp: number('warm-up'), connections: number('connections'),
  })
}

async function compare() {
  const since = new Date()
  await openCluster(Number(options.scale))
  const names = options.systems.split(',')
  const questions = await setUp(names)

  // pgbench runs the statements of the limit, and shows no answers.
  const answering = systems.filter((system) => system.answer)
  for (const operation of new Set(operations.flatMap((name) => (name === 'mix' ? Object.keys(OPERATIONS) : [name])))) {
    await agree(answering, operation, questions.many(operation, 12))
  }
  console.log(`${answering.map((system) => system.title).join(', ')} give the same answers; now they are timed\n`)

  const measure = timing()
  for (const operation of operations) {
    const chosen = questions.many(operation)
    for (const system of systems) measure.prepare(system, operation, chosen)
  }
  await cluster.forget()
  const rounds = []
  for (let number = 0; number < Number(options.rounds); number++) {
    const results = {}
    for (const operation of operations) {
      results[operation] = {}
      // Another one begins each round.
      for (const at of systems.keys()) {
        const system = systems[(at + number) % systems.length]
        results[operation][system.name] = await measure.run(system, operation)
      }
      const line = systems.map(({ name }) => `${name} ${Math.round(results[operation][name].rps)}`).join('  ')
      console.log(`round ${number + 1}  ${operation.padEnd(4)} req/s: ${line}`)
    }
    rounds.push(results)
    await cluster.restore()
  }

  const targets = JSON.parse(readFileSync(join(HERE, 'targets.json'), 'utf8'))
  const limit = names.includes(targets.limit) ? targets.limit : names[0]
  const results = summarise(rounds, operations, systems, limit)
  const judged = names.includes('lectern') && limit === targets.limit ? judge(results, targets) : []
  const titles = Object.fromEntries(operations.map((operation) => [operation, OPERATIONS[operation]?.title ?? MIX_TITLE]))
  const versions = Object.fromEntries(systems.map(({ name, version }) => [name, version]))
  const report = {
    date: since.toISOString(), machine: machine(), versions, scale: Number(options.scale), connections: measure.connections,
    rounds: rounds.length, secondsEach: measure.seconds, limit, operations: results, targets: judged,
  }
  mkdirSync(out, { recursive: true })
  const text = `${resultsTable(results, titles, systems)}\n\n${targetsTable(judged)}\n`
  writeFileSync(join(out, 'results.json'), `${JSON.stringify(report, null, 2)}\n`)
  writeFileSync(join(out, 'results.svg'), plot(report, systems))
  if (isWhole) writeTable(join(HERE, 'README.md'), report, text)
  console.log(`\n${text}\nwritten: ${join(out, 'results.json')}, results.svg`)
  return judged.length > 0 && judged.every((target) => target.met)
}

/** Leaves everything running, for looking at it by hand. */
async function serve() {
  await openCluster(Number(options.scale))
  await setUp(options.systems.split(','))
  console.log(`PostgreSQL: psql -h ${cluster.socket} -U postgres lectern`)
  for (const system of systems.filter((one) => one.port)) console.log(`${system.title}: http://${system.address}/graphql`)
  await new Promise((resolve) => process.once('SIGINT', resolve))
  return true
}

rmSync(work, { recursive: true, force: true })
mkdirSync(work, { recursive: true })
let isGood = false
try {
  const openFor = async (scale) => {
    await openCluster(scale)
    return { cluster, questions: await setUp(['limit', 'lectern']), systems, folder: work, load: options.load }
  }
  if (options.growth) isGood = await growth({ open: openFor, close: closeAll, out: options.out ?? HERE, operations: operations.filter((name) => name !== 'mix') })
  else isGood = options.serve ? await serve() : await compare()
} catch (error) {
  console.error(`bench: ${error.message}\nthe servers' logs: ${work}; PostgreSQL's: ${cluster?.log ?? options.cache}`)
} finally {
  await closeAll()
}
process.exitCode = isGood ? 0 : 1
