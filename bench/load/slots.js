// What finding and booking time takes: `node load/slots.js [--times 200] [--lectern PATH] [--cache FOLDER] [--out FILE]`.
//
// In one school (`peers/slots.sql`), one request after the other: S1, the slots of 14 days of 200 instructors, two fifths of whose hours are booked, and of five of them, as
// a learner sees them; S2, a slot that is held and then booked; S3, a weekly series of 52. Each is asked for by somebody else, at another time. Beside them the same by hand:
// the statements of `limit/`, by functions that write as Lectern does but for those who judge and choose. It fails where something is refused or booked twice, or where a
// target is missed.

import { randomUUID } from 'node:crypto'
import { mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { Cluster } from '../lib/cluster.js'
import { ask, conclude, Times } from '../lib/load.js'
import { Signer, typeId } from '../lib/people.js'
import { Lectern } from '../lib/servers.js'
import { run } from '../lib/shell.js'

const ROOT = resolve(new URL('.', import.meta.url).pathname, '../..')
const HOUR = 3_600_000
const DAY = 24 * HOUR
const TARGETS = JSON.parse(readFileSync(join(ROOT, 'bench/targets.json'), 'utf8')).p95OfSlotsInMilliseconds

const { values: options } = parseArgs({
  options: {
    times: { type: 'string', default: process.env.TIMES ?? '200' },
    lectern: { type: 'string', default: process.env.LECTERN ?? join(ROOT, 'target/release/lectern') },
    cache: { type: 'string', default: process.env.LECTERN_BENCH_CACHE ?? join(ROOT, 'bench/.cache') },
    out: { type: 'string' },
  },
})
const TIMES = Number(options.times)
if (!(TIMES > 0 && TIMES <= 400)) throw new Error('--times: 1 to 400, for there are 400 learners')

const sql = (name) => readFileSync(join(ROOT, `bench/limit/${name}.sql`), 'utf8')
const clock = new Times()

/** The learners of the school, with sessions as after `login`; the types; the first day; the instructors. */
async function gather(cluster, signer) {
  const client = await cluster.client()
  await client.query("SET app.audit = 'off'")
  const { rows: pupils } = await client.query(`SELECT u.tenant_id AS tenant, u.id AS user, u.token_version AS version FROM app_user u
    WHERE u.email LIKE 'pupil%@scale-0001.example' ORDER BY u.id`)
  const sessions = pupils.map(() => randomUUID())
  await client.query('INSERT INTO session (tenant_id, id, user_id) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[])',
    [pupils.map((one) => one.tenant), sessions, pupils.map((one) => one.user)])
  const { rows: types } = await client.query(`SELECT y.id, y.name, (SELECT min(b.starts_at) FROM booking b WHERE b.tenant_id = y.tenant_id AND b.booking_type_id = y.id) AS first,
      ARRAY(SELECT i.instructor_id FROM booking_type_instructor i WHERE i.tenant_id = y.tenant_id AND i.type_id = y.id ORDER BY i.place) AS staff
    FROM booking_type y WHERE y.name LIKE 'Measured, of %' ORDER BY y.name DESC`)
  const { rows: [{ permissions }] } = await client.query(
    "SELECT ',' || array_to_string(app.permissions_of(r.key, r.is_system, r.permissions), ',') || ',' AS permissions FROM role r WHERE r.tenant_id = $1 AND r.key = 'LEARNER'", [pupils[0].tenant])
  await client.end()
  const [few, many] = [types.find(({ name }) => name.endsWith(' 5')), types.find(({ name }) => name.endsWith(' 200'))]
  const first = Math.floor(many.first.getTime() / DAY) * DAY
  return { pupils: pupils.map((one, at) => ({ ...one, permissions, token: signer.token({ ...one, session: sessions[at] }) })), few, many, first }
}

const moment = (time) => new Date(time).toISOString()

async function slots(server, pupil, { type, name, first }) {
  const { slots: found } = await clock.timed(`S1, ${name}`, () => ask(server, pupil,
    'query ($type: ID!, $from: DateTime!, $to: DateTime!) { slots(bookingTypeId: $type, from: $from, to: $to, timeZone: "UTC") { days { date slots { startsAt instructorCount } } } }',
    { type: typeId('bookingtype', type.id), from: moment(first), to: moment(first + 14 * DAY) }))
  if (found.days.length !== 14 || found.days.some((one) => one.slots.length === 0)) throw new Error(`${name}: ${found.days.map((one) => one.slots.length)} slots`)
}

async function book(server, pupil, type, start) {
  const slot = { bookingTypeId: typeId('bookingtype', type.id), startsAt: moment(start) }
  const { holdSlot: hold } = await clock.timed('S2, holdSlot', () => ask(server, pupil, 'mutation ($input: HoldSlotInput!) { holdSlot(input: $input) { id expiresAt } }', { input: slot }))
  const { bookSlot: booking } = await clock.timed('S2, bookSlot of it', () => ask(server, pupil,
    'mutation ($input: BookSlotInput!) { bookSlot(input: $input) { id status instructor { id } } }', { input: { ...slot, holdId: hold.id } }))
  if (booking.status !== 'ASSIGNED' || !booking.instructor) throw new Error(JSON.stringify(booking))
  return clock.timed('S2, bookSlot', () => ask(server, pupil, 'mutation ($input: BookSlotInput!) { bookSlot(input: $input) { id status instructor { id } } }',
    { input: { ...slot, startsAt: moment(start + HOUR) } }))
}

async function series(server, pupil, type, start) {
  const { bookSeries: booked } = await clock.timed('S3, bookSeries of 52', () => ask(server, pupil,
    'mutation ($input: BookSeriesInput!) { bookSeries(input: $input) { id skipped { startsAt } bookings(first: 1) { totalCount } } }',
    { input: { bookingTypeId: typeId('bookingtype', type.id), startsAt: moment(start), recurrence: 'FREQ=WEEKLY;COUNT=52', timeZone: 'UTC' } }))
  if (booked.bookings.totalCount !== 52) throw new Error(JSON.stringify(booked))
}

/** One transaction by hand. */
async function byHand(client, step, { tenant, user, permissions }, statement, values) {
  await clock.timed(step, async () => {
    await client.query('BEGIN')
    await client.query({ name: 'settings', text: "SELECT set_config('app.tenant_id', $1, true), set_config('app.user_id', $2, true), set_config('app.permissions', $3, true)", values: [tenant, user, permissions] })
    const { rowCount } = await client.query({ name: statement, text: sql(statement), values: [tenant, ...values] })
    if (rowCount !== 1) throw new Error(`${statement}: ${rowCount} rows`)
    await client.query('COMMIT')
  })
}

const folder = join(options.cache, 'slots')
mkdirSync(folder, { recursive: true })
const binary = resolve(options.lectern)
const cluster = new Cluster({ folder: options.cache, scale: 1, lectern: binary, root: ROOT })
let server
let client
try {
  await cluster.start()
  await cluster.restore()
  const key = run(binary, ['key']).trim()
  server = new Lectern(cluster, folder, binary, key)
  await server.start()
  const { pupils, few, many, first } = await gather(cluster, new Signer(key))
  client = await cluster.client('lectern_app')
  // What is booked lies beyond the days that are looked at; the hours of one day are those of others, too.
  const at = (number, hour) => first + (15 + (number % 300)) * DAY + hour * HOUR
  for (let number = 0; number < TIMES; number++) {
    const pupil = pupils[number]
    const other = pupils[(number + 200) % 400]
    for (const [type, name] of [[many, '200 instructors'], [few, '5 instructors']]) await slots(server, pupil, { type, name, first })
    await byHand(client, 'S1, 200 instructors, by hand', pupil, 's1_slots', [many.id, moment(first), moment(first + 14 * DAY)])
    await book(server, pupil, many, at(number, 8))
    const [hold, booking, instructor, start] = [randomUUID(), randomUUID(), many.staff[(number + 100) % 200], moment(at(number, 12))]
    await byHand(client, 'S2, held by hand', other, 's2_hold', [many.id, other.user, instructor, hold, start])
    await byHand(client, 'S2, booked by hand', other, 's2_book', [many.id, other.user, instructor, hold, start, booking])
    if (number % 5 === 0) {
      const day = 15 + (Math.floor(number / 5) % 7)
      await series(server, pupil, many, first + day * DAY + 14 * HOUR)
      await byHand(client, 'S3, by hand', other, 's3_series', [many.id, other.user, many.staff[Math.floor(number / 5)], randomUUID(), moment(first + day * DAY + 15 * HOUR)])
    }
    if (number === 4) clock.clear() // connections are open, and statements planned
  }
  const doubles = await cluster.query(`SELECT count(*)::integer AS count FROM time_claim a JOIN time_claim b ON b.tenant_id = a.tenant_id AND b.party_id = a.party_id AND b.id > a.id
    AND a.starts_at < b.ends_at AND a.ends_at > b.starts_at`)
  if (doubles[0].count) throw new Error(`${doubles[0].count} are booked twice`)
  conclude(clock, { p95: TARGETS }, { version: server.version }, options.out)
} catch (error) {
  console.error(`slots: ${error.message}\nthe server's log: ${server?.log}; PostgreSQL's: ${cluster.log}`)
  process.exitCode = 1
} finally {
  await client?.end()
  await server?.stop()
  await cluster.stop()
}
