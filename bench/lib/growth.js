// Growth: the same questions to ten, a hundred and three hundred schools. What an operation costs should not depend on how
// many schools there are; reports read what they count, which is one school's rows at any scale.

import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Measure, median } from './measure.js'
import { OPERATIONS } from './operations.js'
import { table } from './table.js'

const SAMPLES = 25
/** Against a hundred schools instead of ten, log n doubles; what grows by more than this is named. */
const ALLOWED = 2

/** Time and shared buffers of one statement, once its plan is settled. */
async function explain(limit, operation, questions) {
  const { limit: sql, limitValues, writes } = OPERATIONS[operation]
  const { client } = limit
  const name = `growth_${operation}`
  const samples = []
  for (const [, asked] of questions) {
    const values = [asked.tenant, ...(limitValues?.(asked) ?? [])].map((value) => client.escapeLiteral(String(value)))
    await client.query(writes ? 'BEGIN' : 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
    await client.query("SELECT set_config('app.tenant_id', $1, true), set_config('app.user_id', $2, true), set_config('app.permissions', $3, true)", [asked.tenant, asked.user, asked.permissions])
    if (samples.length === 0) await client.query(`PREPARE ${name} AS ${sql}`)
    const { rows } = await client.query(`EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) EXECUTE ${name}(${values.join(', ')})`)
    await client.query('ROLLBACK')
    const [{ Plan: plan, 'Execution Time': milliseconds }] = rows[0]['QUERY PLAN']
    samples.push({ milliseconds, buffers: plan['Shared Hit Blocks'] + plan['Shared Read Blocks'] })
  }
  // The first five are planned for their values, and read what nobody has read before.
  const settled = samples.slice(8)
  return { statement: median(settled.map((one) => one.milliseconds)), buffers: median(settled.map((one) => one.buffers)) }
}

/** @param {{open: (scale: number) => Promise<object>, close: () => Promise<void>, out: string, operations: string[], scales?: number[]}} options */
export async function growth({ open, close, out, operations, scales = (process.env.SCALES ?? '10,100,300').split(',').map(Number) }) {
  const costs = {}
  for (const scale of scales) {
    const { cluster, questions, systems, folder, load } = await open(scale)
    const [limit, lectern] = systems
    const measure = new Measure({ cluster, folder, load, seconds: 3, warmUp: 2, connections: 1 })
    for (const operation of operations) {
      const { statement, buffers } = await explain(limit, operation, questions.many(operation, SAMPLES + 8))
      measure.prepare(lectern, operation, questions.many(operation))
      const { p50, databaseCpu } = await measure.run(lectern, operation)
      costs[operation] = { ...costs[operation], [scale]: { statementMs: statement, buffers, p50, databaseCpuMs: databaseCpu } }
      console.log(`${scale} schools  ${operation.padEnd(4)} statement ${statement.toFixed(3)} ms, ${buffers} buffers; Lectern p50 ${p50.toFixed(2)} ms, PostgreSQL ${databaseCpu.toFixed(3)} ms`)
    }
    await cluster.restore()
    await close()
  }

  const [first, last] = [scales[0], scales.at(-1)]
  const ratio = (operation, field) => costs[operation][last][field] / costs[operation][first][field]
  const rows = operations.map((operation) => [
    operation, OPERATIONS[operation].title,
    ...scales.flatMap((scale) => [costs[operation][scale].statementMs.toFixed(3), Math.round(costs[operation][scale].buffers), costs[operation][scale].p50.toFixed(2)]),
    `×${ratio(operation, 'buffers').toFixed(2)}`, `×${ratio(operation, 'p50').toFixed(2)}`,
  ])
  const head = ['', '', ...scales.flatMap((scale) => [`${scale}: ms`, 'buffers', 'p50 ms']), 'buffers', 'p50']
  const text = table(head, rows)
  const grown = operations.filter((operation) => ratio(operation, 'buffers') > ALLOWED)
  writeFileSync(join(out, 'growth.json'), `${JSON.stringify({ date: new Date().toISOString(), scales, operations: costs, grown }, null, 2)}\n`)
  console.log(`\n${text}\n\n${grown.length ? `growing with the number of schools: ${grown.join(', ')}` : 'nothing grows with the number of schools'}`)
  return grown.length === 0
}
