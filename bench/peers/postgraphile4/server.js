// PostGraphile 4, as its documentation recommends for production: two processes, query cache, settings from the token.

import cluster from 'node:cluster'
import { createServer } from 'node:http'

const WORKERS = 2

if (cluster.isPrimary) {
  for (let worker = 0; worker < WORKERS; worker++) cluster.fork()
} else {
  const { postgraphile } = await import('postgraphile')
  const { default: pg } = await import('pg')
  const { settingsOf } = await import('../claims.js')

  const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL, max: 16 / WORKERS })
  const handler = postgraphile(pool, ['public', 'bench'], {
    watchPg: false,
    retryOnInitFail: false,
    dynamicJson: true,
    setofFunctionsContainNulls: false,
    ignoreRBAC: false,
    extendedErrors: [],
    graphiql: false,
    disableQueryLog: true,
    legacyRelations: 'omit',
    queryCacheMaxSize: 50 * 1024 * 1024,
    pgSettings: async (request) => settingsOf(request.headers.authorization),
  })
  createServer(handler).listen(Number(process.env.PORT), '127.0.0.1')
}
