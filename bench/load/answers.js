// What answers cost that are streamed: `node load/answers.js [--streams 200] [--elsewhere 40] [--pieces 150] [--every 200] [--first 3000] [--ramp 10] [--times 200] [--lectern PATH] [--cache FOLDER] [--out FILE]`.
//
// Two `lectern serve` with one database, each with a pool of 16, and a provider that answers slowly (`model.js`). A1: 200 people of one school each ask in a conversation of their own, and listen;
// one after the other at first, so that all answers stream at the same moment. Meanwhile somebody asks for `viewer`, over and over. A2: how long the first piece of each answer takes
// from the provider to its listener, at the process that writes it, and at the other one, where some of them listen, too; and the later pieces. It is proved that everybody was told exactly
// what is kept in the end, that each answer was asked for once, and that no more connections were open than the pools hold. A3: `documentSearch` among 100,000 passages; A4:
// `conversations(search:)` among 100,000 messages (`answers.sql`). It fails where a piece is lost or a target is missed.

import { spawn } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { performance } from 'node:perf_hooks'
import { parseArgs } from 'node:util'
import { Cluster } from '../lib/cluster.js'
import { ask, conclude, Times } from '../lib/load.js'
import { Signer } from '../lib/people.js'
import { Lectern } from '../lib/servers.js'
import { run, sleep, stop } from '../lib/shell.js'
import { Socket } from '../lib/socket.js'

const ROOT = resolve(new URL('.', import.meta.url).pathname, '../..')
const POOL = 16
/** Searches that are not counted. */
const WARM = 40
const { p99OfAnswersInMilliseconds: STREAMED, p95OfSearchesInMilliseconds: SEARCHED } = JSON.parse(readFileSync(join(ROOT, 'bench/targets.json'), 'utf8'))

const { values: options } = parseArgs({
  options: {
    streams: { type: 'string', default: process.env.STREAMS ?? '200' },
    elsewhere: { type: 'string', default: process.env.ELSEWHERE ?? '40' },
    pieces: { type: 'string', default: process.env.PIECES ?? '150' },
    every: { type: 'string', default: process.env.EVERY ?? '200' },
    first: { type: 'string', default: process.env.FIRST ?? '3000' },
    ramp: { type: 'string', default: process.env.RAMP ?? '10' },
    times: { type: 'string', default: process.env.TIMES ?? '200' },
    lectern: { type: 'string', default: process.env.LECTERN ?? join(ROOT, 'target/release/lectern') },
    cache: { type: 'string', default: process.env.LECTERN_BENCH_CACHE ?? join(ROOT, 'bench/.cache') },
    out: { type: 'string' },
  },
})
const [STREAMS, ELSEWHERE, RAMP, TIMES] = ['streams', 'elsewhere', 'ramp', 'times'].map((name) => Number(options[name]))
if (!(STREAMS > 0 && STREAMS <= 1000 && ELSEWHERE <= STREAMS)) throw new Error('--streams: 1 to 1000; --elsewhere: no more than that')

const times = new Times()
const now = () => performance.timeOrigin + performance.now()

function same(what, found, wanted) {
  if (JSON.stringify(found) !== JSON.stringify(wanted)) throw new Error(`${what}: ${JSON.stringify(found)} in place of ${JSON.stringify(wanted)}`)
}

/** The administrator and the first learners of the school, with sessions as after `login`. */
async function gather(cluster, signer) {
  const client = await cluster.client()
  await client.query("SET app.audit = 'off'")
  // What an earlier run has left.
  await client.query("DELETE FROM conversation WHERE title = 'Streaming'")
  const { rows } = await client.query(`SELECT u.tenant_id AS tenant, u.id AS user, u.token_version AS version, gen_random_uuid() AS session
    FROM app_user u WHERE u.email ~ '^(admin|learner|person(4[3-9]|[5-9][0-9]|[0-9]{3,4}))@scale-0001\\.'
    ORDER BY u.email !~ '^admin@', u.email !~ '^learner@', substring(u.email FROM '^person([0-9]+)')::integer LIMIT $1`, [STREAMS + 2])
  same('who there is', rows.length, STREAMS + 2)
  await client.query('INSERT INTO session (tenant_id, id, user_id) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[])',
    ['tenant', 'session', 'user'].map((field) => rows.map((one) => one[field])))
  await client.end()
  return rows.map((one) => ({ ...one, token: signer.token(one) }))
}

/** Somebody who listens to an answer: what they were told, and how old its pieces were. */
async function listen(socket, message, where, heard) {
  await socket.subscribe('subscription ($id: ID!) { messageStream(messageId: $id) { kind delta message { state failureReason finishReason content } } }', { id: message }, ({ messageStream: told }) => {
    const at = now()
    if (told.kind === 'END') {
      heard.end = told.message
      heard.endedAt = at
      return
    }
    const sent = /t(\d{13}\.\d{2})/.exec(told.delta)
    if (sent) times.add(heard.text === '' ? `A2, first piece${where}` : `A2, later pieces${where}`, at - Number(sent[1]))
    if (heard.text === '') heard.beganAt = at
    heard.text += told.delta
  })
}

/** Somebody asks, and listens until the answer has ended. */
async function converse(servers, person, number, agent, stream) {
  const [here, other] = servers
  const { createConversation: talk } = await ask(here, person, 'mutation ($input: CreateConversationInput!) { createConversation(input: $input) { id } }',
    { input: { agentId: agent, title: 'Streaming' } })
  const sockets = await Promise.all((number < ELSEWHERE ? [here, other] : [here]).map(({ address }) => Socket.open(address, person)))
  const { sendMessage: answer } = await times.timed('A1, sendMessage', () => ask(here, person, 'mutation ($input: SendMessageInput!) { sendMessage(input: $input) { id state } }',
    { input: { conversationId: talk.id, text: 'What is to be said about it?', clientMessageId: randomUUID() } }))
  stream.heard = sockets.map(() => ({ text: '' }))
  await Promise.all(sockets.map((socket, at) => listen(socket, answer.id, at === 0 ? '' : ', other process', stream.heard[at])))
  for (const socket of sockets) socket.close()
  const { message: kept } = await ask(here, person, 'query ($id: ID!) { message(id: $id) { state content completionTokens isEstimated } }', { id: answer.id })
  same('an answer', [kept.state, kept.completionTokens, kept.isEstimated], ['COMPLETED', 12 * Number(options.pieces), false])
  for (const { text, end } of stream.heard) same('what was told', [text === kept.content, end.state, end.content === kept.content], [true, 'COMPLETED', true])
  same('pieces', kept.content.match(/t\d{13}\.\d{2}/g).length, Number(options.pieces))
}

async function stream(servers, cluster, people, watcher, agent) {
  const streams = people.map(() => ({}))
  let running = true
  let most = 0
  const asked = []
  const viewer = async () => {
    while (running) {
      const began = now()
      await ask(servers[0], watcher, '{ viewer { user { id name } permissions } }')
      asked.push([began, now()])
      await sleep(10)
    }
  }
  const connections = async () => {
    for (; running; await sleep(500)) {
      const [{ count }] = await cluster.query("SELECT count(*)::integer AS count FROM pg_stat_activity WHERE usename = 'lectern_app' AND query NOT LIKE 'LISTEN%'")
      most = Math.max(most, count)
    }
  }
  const watching = [viewer(), connections()]
  try {
    await Promise.all(people.map(async (person, number) => {
      await sleep((number * RAMP * 1000) / people.length)
      await converse(servers, person, number, agent, streams[number])
    }))
  } finally {
    running = false
  }
  await Promise.all(watching)
  // While all of them streamed.
  const [from, to] = [Math.max(...streams.map(({ heard }) => heard[0].beganAt)), Math.min(...streams.map(({ heard }) => heard[0].endedAt))]
  if (to - from < 2000) throw new Error(`all answers streamed together for ${Math.round(to - from)} ms: more --pieces, or less of a --ramp`)
  for (const [began, ended] of asked) if (began >= from && ended <= to) times.add('A1, viewer meanwhile', ended - began)
  console.log(`${people.length} answers streamed together for ${Math.round((to - from) / 1000)} s; nothing was lost; at most ${most} connections of the service were open`)
  if (most > servers.length * (POOL + 2)) throw new Error(`${most} connections were open`)
}

/** The same as in answers.sql. */
function word(n) {
  const syllable = (n) => 'bdfghjklmnpqrstvwxyz'[n % 20] + 'aeiou'[Math.floor(n / 20) % 5]
  return syllable(n % 100) + syllable(Math.floor(n / 100) % 100) + syllable(Math.floor(n / 10000))
}

/** Words as people ask for them: rare ones and common ones. */
function words(number) {
  const any = (most) => word(1 + (Math.imul(number * 7919 + most, 2654435761) >>> 0) % most)
  return [`${any(20000)} ${any(2000)}`, `${any(200)} ${any(20000)} ${any(5000)}`, any(3000), `${any(20)} ${any(500)}`][number % 4]
}

async function searches(server, cluster, signer) {
  const [found] = await cluster.query(`SELECT count(*)::integer AS passages FROM passage p JOIN document d ON d.tenant_id = p.tenant_id AND d.id = p.document_id WHERE d.title LIKE 'Measured, %'`)
  same('passages', found.passages, 100_000)
  const owners = await cluster.query(`SELECT u.tenant_id AS tenant, u.id AS user, u.token_version AS version, gen_random_uuid() AS session FROM app_user u
    WHERE u.email ~ '^person(4[5-9]|5[0-9]|6[0-4])@scale-0001\\.' ORDER BY u.id`)
  for (const one of owners) {
    await cluster.query('INSERT INTO session (tenant_id, id, user_id) VALUES ($1, $2, $3)', [one.tenant, one.session, one.user])
    one.token = signer.token(one)
  }
  let hits = 0
  for (let time = -WARM; time < TIMES; time++) {
    // Connections are open, statements planned, and what is looked through has been read once.
    if (time === 0) for (const step of Object.keys(SEARCHED)) times.steps.delete(step)
    const { documentSearch: passages } = await times.timed('A3, documentSearch', () => ask(server, owners[(time + WARM) % owners.length],
      'query ($query: String!) { documentSearch(query: $query) { document { id title } page heading text score } }', { query: words(time + WARM) }))
    hits += passages.length
    await times.timed('A4, conversations(search:)', () => ask(server, owners[(time + WARM) % owners.length],
      'query ($search: String!) { conversations(first: 20, filter: { search: $search }) { nodes { id title lastMessageAt } } }', { search: word(50 + (((time + WARM) * 37) % 5000)) }))
  }
  if (hits < TIMES) throw new Error(`${hits} passages were found in ${TIMES} searches`)
}

const folder = join(options.cache, 'answers')
mkdirSync(folder, { recursive: true })
const binary = resolve(options.lectern)
const cluster = new Cluster({ folder: options.cache, scale: 1, lectern: binary, root: ROOT })
const servers = []
let model
try {
  model = spawn(process.execPath, [join(ROOT, 'bench/load/model.js'), ...['pieces', 'every', 'first'].flatMap((name) => [`--${name}`, options[name]])], { stdio: ['ignore', 'pipe', 'inherit'] })
  const [port] = await once(model.stdout, 'data')
  await cluster.start()
  cluster.psql('lectern', ['-1', '-f', join(ROOT, 'bench/load/answers.sql')])
  await cluster.restore()
  const key = run(binary, ['key']).trim()
  const environment = {
    LECTERN_ASSISTANT_URL: `http://127.0.0.1:${String(port).trim()}/v1`, LECTERN_POOL_SIZE: String(POOL), LECTERN_MAX_ANSWERS: String(STREAMS), LECTERN_RATE_MESSAGES: '0',
  }
  for (let place = 0; place < 2; place++) {
    const server = new Lectern(cluster, folder, binary, key, environment)
    servers.push(server)
    await server.start()
  }
  const signer = new Signer(key)
  const [admin, watcher, ...people] = await gather(cluster, signer)
  const { createAgent: agent } = await ask(servers[0], admin, 'mutation ($input: CreateAgentInput!) { createAgent(input: $input) { id } }',
    { input: { name: 'Measured', kind: 'CUSTOM', systemPrompt: 'You answer slowly.', tools: [] } })
  await stream(servers, cluster, people, watcher, agent.id)
  same('how often the model was asked', Number(await (await fetch(new URL('/asked', environment.LECTERN_ASSISTANT_URL))).text()), people.length)
  await ask(servers[0], admin, 'mutation ($id: ID!) { deleteAgent(id: $id) }', { id: agent.id })
  await searches(servers[0], cluster, signer)

  conclude(times, { p99: STREAMED, p95: SEARCHED }, { version: servers[0].version, streams: STREAMS, elsewhere: ELSEWHERE }, options.out)
} catch (error) {
  console.error(`answers: ${error.message}\nthe servers' log: ${servers[0]?.log}; PostgreSQL's: ${cluster.log}`)
  process.exitCode = 1
} finally {
  for (const server of servers) await server.stop()
  await cluster.stop()
  await stop(model)
}
