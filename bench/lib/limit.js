// The limit: what PostgreSQL itself can do. SQL by hand, prepared; transaction, settings, statement and commit in one flight,
// by the load generator itself, so that there is no server in between.

import { OPERATIONS } from './operations.js'
import { pipeline, prepare, startUp } from './wire.js'

const SETTINGS = "SELECT set_config('app.tenant_id', $1, true), set_config('app.user_id', $2, true), set_config('app.permissions', $3, true)"
const READ = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY'
const WRITE = 'BEGIN ISOLATION LEVEL READ COMMITTED'

export class Limit {
  name = 'limit'
  title = 'SQL by hand, bare'
  protocol = 'pg'

  constructor(cluster) {
    this.cluster = cluster
  }

  get address() {
    return `${this.cluster.socket}/.s.PGSQL.5432`
  }

  async start() {
    this.version = (await this.cluster.query('SHOW server_version'))[0].server_version.split(' ')[0]
    this.client = await this.cluster.client('lectern_app')
  }

  async stop() {
    await this.client?.end()
  }

  /** It has no process of its own. */
  pids() {
    return []
  }

  prelude() {
    const statements = Object.entries(OPERATIONS).map(([name, { limit }]) => [name, limit])
    return [startUp('lectern_app', 'lectern'), prepare({ read: READ, write: WRITE, settings: SETTINGS, commit: 'COMMIT', ...Object.fromEntries(statements) })]
  }

  request(operation, asked) {
    const { writes, limitValues } = OPERATIONS[operation]
    return pipeline(
      [writes ? 'write' : 'read'],
      ['settings', asked.tenant, asked.user, asked.permissions],
      [operation, asked.tenant, ...(limitValues?.(asked) ?? [])],
      ['commit'],
    )
  }

  async answer(operation, asked) {
    const { writes, limit, limitValues, limitShape } = OPERATIONS[operation]
    const transaction = [
      [writes ? WRITE : READ],
      [SETTINGS, [asked.tenant, asked.user, asked.permissions]],
      [limit, [asked.tenant, ...(limitValues?.(asked) ?? [])]],
      ['COMMIT'],
    ]
    let data
    for (const [sql, values] of transaction) {
      const { rows } = await this.client.query({ text: sql, values, rowMode: 'array' })
      if (sql === limit) data = rows[0][0]
    }
    return limitShape ? limitShape(data) : data
  }
}
