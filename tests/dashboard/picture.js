// Draws docs/operations/dashboard.json with what a Prometheus really has: node picture.js [--lectern PATH] [--seconds 300] [--out FILE]
//
// It serves the demo with its metrics and a stand-in for models, lets Prometheus (in PATH) read them every two seconds, and asks what people of a school ask, now more, now less, some of
// it refused. Then every expression of the dashboard is asked of Prometheus over that time, and drawn where its panel stands (uPlot, which Grafana draws with, in headless Chromium). It
// fails where Prometheus refuses an expression, and names the panels that have no data; Grafana's own theme and controls are not in the picture.

import { spawn } from 'node:child_process'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { School, crowd } from './crowd.js'
import { draw } from './draw.js'

const ROOT = resolve(new URL('.', import.meta.url).pathname, '../..')
const { values: options } = parseArgs({
  options: {
    lectern: { type: 'string', default: join(ROOT, 'target/debug/lectern') },
    seconds: { type: 'string', default: '300' },
    out: { type: 'string', default: join(ROOT, 'docs/operations/dashboard.png') },
  },
})
const SECONDS = Number(options.seconds)
/** Seconds between two readings, two points of a line, and the window of a rate. */
const [SCRAPE, STEP, WINDOW] = [2, 3, 15]

const sleep = (milliseconds) => new Promise((done) => setTimeout(done, milliseconds))
const freePort = () =>
  new Promise((done) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address()
      server.close(() => done(port))
    })
  })

const folder = mkdtempSync(join(tmpdir(), 'lectern-dashboard-'))
chmodSync(folder, 0o755) // where the service must give up root, its user has to reach the folder
const started = []
function launch(program, args, env = {}) {
  const child = spawn(program, args, { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'pipe'] })
  child.said = ''
  // One that is not there, for instance: its `exitCode` says so as well.
  child.on('error', (error) => (child.said += `${error.message}\n`))
  for (const out of [child.stdout, child.stderr]) out.on('data', (text) => (child.said += text))
  started.push(child)
  return child
}

/** Asks again and again, for five minutes, until there is an answer or the program has ended. */
async function until(child, ask) {
  for (let left = 1500; left > 0; left--) {
    const found = await ask()
    if (found) return found
    if (child.exitCode !== null || child.signalCode !== null) throw new Error(`${child.spawnfile} ended early:\n${child.said}`)
    await sleep(200)
  }
  throw new Error(`${child.spawnfile} is not ready:\n${child.said}`)
}

const says = (child, pattern) => until(child, () => pattern.exec(child.said)?.[1])
const isReady = (child, url) => until(child, () => fetch(url).then(({ ok }) => ok, () => false))

/** What Prometheus has of an expression, as [{ metric, values: [[seconds, text]] }]. */
async function series(prometheus, expr, from, to) {
  const query = expr.replaceAll('$instance', '.+').replaceAll('$__rate_interval', `${WINDOW}s`).replaceAll('$__range', `${SECONDS}s`)
  const answer = await fetch(`${prometheus}/api/v1/query_range?${new URLSearchParams({ query, start: from, end: to, step: STEP })}`)
  const { status, error, data } = await answer.json()
  if (status !== 'success') throw new Error(`${query}\n${error}`)
  return data.result
}

try {
  const [metricsPort, prometheusPort] = [await freePort(), await freePort()]
  const model = launch(process.execPath, [join(ROOT, 'bench/load/model.js'), '--pieces', '60', '--every', '100', '--first', '800'])
  const modelPort = await says(model, /(\d{4,5})/)
  const lectern = launch(resolve(options.lectern), ['serve'], {
    LECTERN_DATA_DIR: join(folder, 'data'), LECTERN_LISTEN: '127.0.0.1:0', LECTERN_METRICS_LISTEN: `127.0.0.1:${metricsPort}`, LECTERN_LOG: 'warn',
    LECTERN_ASSISTANT_URL: `http://127.0.0.1:${modelPort}/v1`, LECTERN_ASSISTANT_MODEL: 'stand-in', LECTERN_RATE_COST: '0', LECTERN_RATE_BOOKINGS: '0', LECTERN_RATE_UPLOADS: '0',
  })
  const base = (await says(lectern, / (http:\/\/\S+)\/graphql\n/)).trim()
  writeFileSync(join(folder, 'prometheus.yml'), `global: {scrape_interval: ${SCRAPE}s}\nrule_files: [${join(ROOT, 'docs/operations/alerts.yml')}]\n` +
    `scrape_configs: [{job_name: lectern, static_configs: [{targets: ["127.0.0.1:${metricsPort}"]}]}]\n`)
  const reader = launch('prometheus', [`--config.file=${join(folder, 'prometheus.yml')}`, `--storage.tsdb.path=${join(folder, 'tsdb')}`, `--web.listen-address=127.0.0.1:${prometheusPort}`])
  const prometheus = `http://127.0.0.1:${prometheusPort}`
  await isReady(reader, `${prometheus}/-/ready`)

  const school = await School.open(base)
  await sleep(3 * SCRAPE * 1000)
  const from = Math.floor(Date.now() / 1000)
  const asked = await crowd(school, SECONDS)
  const to = Math.floor(Date.now() / 1000)
  console.log(`${asked} requests in ${to - from} s`)

  const dashboard = JSON.parse(readFileSync(join(ROOT, 'docs/operations/dashboard.json'), 'utf8'))
  const empty = []
  for (const panel of dashboard.panels) {
    panel.lines = []
    for (const { expr, legendFormat } of panel.targets ?? []) {
      for (const { metric, values } of await series(prometheus, expr, from, to)) {
        panel.lines.push({ name: legendFormat.replaceAll(/\{\{(\w+)\}\}/g, (_, label) => metric[label] ?? ''), values: values.map(([at, text]) => [at, Number(text)]) })
      }
    }
    if (panel.targets && panel.lines.every(({ values }) => values.every(([, value]) => !Number.isFinite(value)))) empty.push(panel.title)
  }
  console.log(empty.length === 0 ? 'every panel has data' : `without data: ${empty.join(', ')}`)
  await draw(dashboard, { from, to, step: STEP }, options.out)
  console.log(`drawn: ${options.out}`)
} finally {
  for (const child of started.reverse()) {
    const gone = new Promise((done) => child.once('exit', done))
    if (child.exitCode === null && child.kill('SIGTERM')) await gone
  }
  rmSync(folder, { recursive: true, force: true })
}
