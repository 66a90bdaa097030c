// PostGraphile 5, as its documentation recommends for production: two processes, the Amber preset, settings from the token.

import cluster from 'node:cluster'
import { createServer } from 'node:http'

const WORKERS = 2

if (cluster.isPrimary) {
  for (let worker = 0; worker < WORKERS; worker++) cluster.fork()
} else {
  const { postgraphile } = await import('postgraphile')
  const { PostGraphileAmberPreset } = await import('postgraphile/presets/amber')
  const { makePgService } = await import('postgraphile/adaptors/pg')
  const { grafserv } = await import('postgraphile/grafserv/node')
  const { settingsOf } = await import('../claims.js')

  const preset = {
    extends: [PostGraphileAmberPreset],
    // It would leave out orders that no index begins with, and every index here begins with the tenant.
    disablePlugins: ['PgIndexBehaviorsPlugin'],
    pgServices: [makePgService({ connectionString: process.env.DATABASE_URL, schemas: ['public', 'bench'], poolConfig: { max: 16 / WORKERS } })],
    grafast: {
      explain: false,
      context: (request) => ({ pgSettings: settingsOf(request.node?.req.headers.authorization) }),
    },
    grafserv: { watch: false, graphiql: false, dangerouslyAllowAllCORSRequests: false },
  }
  const server = createServer()
  await postgraphile(preset).createServ(grafserv).addTo(server)
  server.listen(Number(process.env.PORT), '127.0.0.1')
}
