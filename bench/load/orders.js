// What selling costs: `node load/orders.js [--buyers 500] [--stock 100] [--rounds 5] [--times 40] [--lectern PATH] [--cache FOLDER] [--out FILE]`.
//
// C2: 500 people of one school, each with an accepted application, place an order of one ticket at the same moment, of which there are 100. It is proved by their answers, by SQL and by
// the API that exactly 100 are sold and that everybody else was told SOLD_OUT. Then those who have one cancel it, which gives all of them back, and it begins again. Whoever is turned away
// for a moment comes again; their time counts until they know. C3: what the dashboard of a program asks for, one request after the other, over 100,000 orders (`load/orders.sql`): all of
// it, each part alone, and the same by hand (`limit/c3_dashboard.sql`), whose numbers must be those of the first. It fails where anything is sold twice or differs, or a target is missed.

import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { Cluster } from '../lib/cluster.js'
import { ask, conclude, say, Times } from '../lib/load.js'
import { bare, Signer, typeId } from '../lib/people.js'
import { Lectern } from '../lib/servers.js'
import { run } from '../lib/shell.js'

const ROOT = resolve(new URL('.', import.meta.url).pathname, '../..')
const PRICE = 5000
const TARGETS = JSON.parse(readFileSync(join(ROOT, 'bench/targets.json'), 'utf8')).p99OfOrdersInMilliseconds

const { values: options } = parseArgs({
  options: {
    buyers: { type: 'string', default: process.env.BUYERS ?? '500' },
    stock: { type: 'string', default: process.env.STOCK ?? '100' },
    rounds: { type: 'string', default: process.env.ROUNDS ?? '5' },
    times: { type: 'string', default: process.env.TIMES ?? '40' },
    lectern: { type: 'string', default: process.env.LECTERN ?? join(ROOT, 'target/release/lectern') },
    cache: { type: 'string', default: process.env.LECTERN_BENCH_CACHE ?? join(ROOT, 'bench/.cache') },
    out: { type: 'string' },
  },
})
const [BUYERS, STOCK, ROUNDS, TIMES] = ['buyers', 'stock', 'rounds', 'times'].map((name) => Number(options[name]))
if (!(STOCK > 0 && STOCK < BUYERS && BUYERS <= 1900)) throw new Error('--buyers: at most 1900, for so many learners there are; --stock: fewer')

const clock = new Times()
let turnedAway = 0

function same(what, found, wanted) {
  if (!isDeepStrictEqual(found, wanted)) throw new Error(`${what}: ${JSON.stringify(found)} in place of ${JSON.stringify(wanted)}`)
}

/** The administrator, the viewer and the first learners of the school, with sessions as after `login`. */
async function gather(cluster, signer) {
  const client = await cluster.client()
  await client.query("SET app.audit = 'off'")
  const { rows } = await client.query(`SELECT u.tenant_id AS tenant, u.id AS user, u.token_version AS version, r.key AS role, gen_random_uuid() AS session,
      ',' || array_to_string(app.permissions_of(r.key, r.is_system, r.permissions), ',') || ',' AS permissions
    FROM app_user u JOIN user_role ur ON ur.tenant_id = u.tenant_id AND ur.user_id = u.id JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id
    WHERE u.email ~ '^(admin|viewer|person[0-9]+)@scale-0001\\.' AND r.key IN ('ADMIN', 'VIEWER', 'LEARNER') ORDER BY r.key = 'LEARNER', r.key, u.id LIMIT $1`, [BUYERS + 2])
  same('who there is', rows.length, BUYERS + 2)
  await client.query('INSERT INTO session (tenant_id, id, user_id) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[])',
    ['tenant', 'session', 'user'].map((field) => rows.map((one) => one[field])))
  await client.end()
  return rows.map((one) => ({ ...one, token: signer.token(one) }))
}

/** A program that takes everybody, with so many tickets; and everybody applies. */
async function open(server, admin, buyers) {
  const make = (field, type, input, wanted) => ask(server, admin, `mutation ($input: ${type}!) { ${field}(input: $input) { ${wanted} } }`, { input }).then((data) => data[field])
  await make('updatePaymentSettings', 'UpdatePaymentSettingsInput', { providers: ['MANUAL'] }, 'providers')
  const { id: program } = await make('createProgram', 'CreateProgramInput', { name: 'Everybody at once', currencies: ['EUR'], reviewStrategy: 'AUTO_ACCEPT' }, 'id')
  const ticket = { programId: program, name: 'Ticket', kind: 'TICKET', prices: [{ amount: PRICE, currency: 'EUR' }], stock: STOCK }
  const { id: product } = await make('createProduct', 'CreateProductInput', ticket, 'id')
  await make('setProgramStatus', 'SetProgramStatusInput', { id: program, status: 'ACTIVE' }, 'id')
  for (const buyer of buyers) {
    const { startApplication: started } = await ask(server, buyer,
      'mutation ($input: StartApplicationInput!) { startApplication(input: $input) { id attendees { id } } }', { input: { programId: program } })
    const { submitApplication: submitted } = await ask(server, buyer, 'mutation ($id: ID!) { submitApplication(id: $id) { status } }', { id: started.id })
    same('an application', submitted.status, 'ACCEPTED')
    Object.assign(buyer, { application: started.id, attendee: started.attendees[0].id })
  }
  return { program, product }
}

async function place(server, buyer, product) {
  const input = {
    applicationId: buyer.application, lines: [{ productId: product, attendeeId: buyer.attendee, quantity: 1 }], expectedTotal: PRICE, provider: 'MANUAL', idempotencyKey: randomUUID(),
  }
  const { data, refused, turnedAway: times } = await clock.timed('C2, placeOrder', () => say(server, buyer,
    'mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { id status due { amount } lines { tickets { id status } } } }', { input }))
  turnedAway += times
  return { buyer, order: data?.placeOrder, refused }
}

/** What has been sold, by SQL. */
async function sold(cluster, product) {
  const [found] = await cluster.query(`SELECT s.held, (SELECT count(*)::integer FROM ticket t WHERE t.tenant_id = s.tenant_id AND t.product_id = s.product_id AND t.status = 'HELD') AS tickets,
      o.orders, o.buyers, o.payments
    FROM product_stock s CROSS JOIN LATERAL (
      SELECT count(DISTINCT o.id)::integer AS orders, count(DISTINCT o.buyer_id)::integer AS buyers, count(y.id)::integer AS payments
      FROM order_line l JOIN sales_order o ON o.tenant_id = l.tenant_id AND o.id = l.order_id AND o.status = 'PENDING'
      LEFT JOIN payment y ON y.tenant_id = o.tenant_id AND y.order_id = o.id AND y.status = 'PENDING'
      WHERE l.tenant_id = s.tenant_id AND l.product_id = s.product_id) AS o
    WHERE s.product_id = $1`, [bare(product)])
  return found
}

async function everybodyAtOnce(server, cluster, admin, buyers, { program, product }) {
  const answers = await Promise.all(buyers.map((buyer) => place(server, buyer, product)))
  const winners = answers.filter(({ order }) => order)
  for (const { order } of winners) {
    same('an order', [order.status, order.due.amount, order.lines.map(({ tickets }) => tickets.map(({ status }) => status))], ['PENDING', PRICE, [['HELD']]])
  }
  for (const { refused } of answers) if (refused) same('a refusal', [refused.reason, refused.field], ['SOLD_OUT', 'lines.0'])
  same('sold, by the answers', [winners.length, new Set(winners.map(({ order }) => order.lines[0].tickets[0].id)).size], [STOCK, STOCK])
  same('sold, by SQL', await sold(cluster, product), { held: STOCK, tickets: STOCK, orders: STOCK, buyers: STOCK, payments: STOCK })
  const { program: shown, orders } = await ask(server, admin, `query ($id: ID!) { program(id: $id) { products { stock left availability } }
    orders(filter: { programId: $id, statuses: [PENDING] }) { totalCount } }`, { id: program })
  same('sold, by the API', [shown.products, orders.totalCount], [[{ stock: STOCK, left: 0, availability: 'SOLD_OUT' }], STOCK])
  for (const { buyer, order } of winners) await ask(server, buyer, 'mutation ($id: ID!) { cancelOrder(id: $id) { status } }', { id: order.id })
  same('left after all were cancelled', await sold(cluster, product), { held: 0, tickets: 0, orders: 0, buyers: 0, payments: 0 })
}

const PARTS = {
  totals: 'totals { currency orders sales discounts refunds revenue tax received outstanding averageOrder }',
  revenuePerDay: 'revenuePerDay(timeZone: "UTC") { date orders revenue { amount } }',
  revenueByProduct: 'revenueByProduct { product { id } name quantity revenue { amount } }',
  accounts: 'accounts { account balance { amount } }',
  funnel: 'funnel { started submitted inReview waitlisted accepted rejected withdrawn paid checkedIn }',
  reconciled: 'reconciled',
}

/** As the statement by hand says it. */
function inOrder({ totals, revenuePerDay, revenueByProduct, accounts, funnel, reconciled }) {
  const [{ currency, averageOrder, ...sums }] = totals
  return {
    totals: sums, revenuePerDay: revenuePerDay.map(({ revenue, ...rest }) => ({ ...rest, revenue: revenue.amount })),
    revenueByProduct: revenueByProduct.map(({ name, quantity, revenue }) => ({ name, quantity, revenue: revenue.amount })),
    accounts: Object.fromEntries(accounts.map(({ account, balance }) => [account, balance.amount])), funnel: Object.values(funnel), reconciled,
  }
}

async function dashboard(server, viewer, program, parts) {
  const { reports } = await ask(server, viewer, `query ($program: ID!) { reports { commerce(programId: $program) { ${parts.map((part) => PARTS[part]).join(' ')} } } }`, { program })
  return reports.commerce
}

/** One transaction by hand. */
async function byHand(client, { tenant, user, permissions }, program) {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY')
  await client.query({ name: 'settings', text: "SELECT set_config('app.tenant_id', $1, true), set_config('app.user_id', $2, true), set_config('app.permissions', $3, true)", values: [tenant, user, permissions] })
  const { rows } = await client.query({ name: 'dashboard', text: DASHBOARD, values: [tenant, program], rowMode: 'array' })
  await client.query('COMMIT')
  return rows[0][0]
}

async function dashboards(server, cluster, client, viewer) {
  const [{ id, orders }] = await cluster.query(`SELECT p.id, (SELECT count(*)::integer FROM sales_order o WHERE o.tenant_id = p.tenant_id AND o.program_id = p.id) AS orders
    FROM program p WHERE p.tenant_id = $1 AND p.slug = 'measured-large'`, [viewer.tenant])
  same('orders of the program', orders, 100_000)
  const program = typeId('program', id)
  const [first, wanted] = [inOrder(await dashboard(server, viewer, program, Object.keys(PARTS))), await byHand(client, viewer, id)]
  same('reconciled', first.reconciled, true)
  same('the dashboard', first, wanted)
  for (let time = 0; time < TIMES; time++) {
    await clock.timed('C3, all of it', () => dashboard(server, viewer, program, Object.keys(PARTS)))
    await clock.timed('C3, all of it, by hand', () => byHand(client, viewer, id))
    for (const part of Object.keys(PARTS)) await clock.timed(`C3, ${part}`, () => dashboard(server, viewer, program, [part]))
  }
}

const DASHBOARD = readFileSync(join(ROOT, 'bench/limit/c3_dashboard.sql'), 'utf8')
const folder = join(options.cache, 'orders')
mkdirSync(folder, { recursive: true })
const binary = resolve(options.lectern)
const cluster = new Cluster({ folder: options.cache, scale: 1, lectern: binary, root: ROOT })
let server
let client
try {
  await cluster.start()
  cluster.psql('lectern', ['-1', '-f', join(ROOT, 'bench/load/orders.sql')])
  // Each server has secrets of its own: it can't open what an earlier one sealed.
  await cluster.query('DELETE FROM ticket_key')
  await cluster.restore()
  const key = run(binary, ['key']).trim()
  server = new Lectern(cluster, folder, binary, key)
  await server.start()
  const [admin, viewer, ...buyers] = await gather(cluster, new Signer(key))
  const made = await open(server, admin, buyers)
  console.log(`${buyers.length} people are accepted; there are ${STOCK} tickets`)
  for (let round = 0; round <= ROUNDS; round++) {
    await everybodyAtOnce(server, cluster, admin, buyers, made)
    if (round > 0) continue
    // Connections are open, and statements planned.
    clock.clear()
    turnedAway = 0
  }
  console.log(`${ROUNDS} times exactly ${STOCK} sold to ${BUYERS} people, and ${BUYERS - STOCK} were told SOLD_OUT; ${turnedAway} times too much to do`)
  client = await cluster.client('lectern_app')
  await dashboards(server, cluster, client, viewer)

  conclude(clock, { p99: TARGETS }, { version: server.version, buyers: BUYERS, stock: STOCK, turnedAway }, options.out)
} catch (error) {
  console.error(`orders: ${error.message}\nthe server's log: ${server?.log}; PostgreSQL's: ${cluster.log}`)
  process.exitCode = 1
} finally {
  await client?.end()
  await server?.stop()
  await cluster.stop()
}
