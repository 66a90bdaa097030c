// What people of a school ask, now more, now less.

import { createHash, randomUUID } from 'node:crypto'
import { Socket } from '../../bench/lib/socket.js'

const PASSWORD = 'lectern-demo'
const [TENANT, DOMAIN] = ['alpha-flight-school', 'alpha.example']

export class School {
  static async open(base) {
    const school = new School()
    school.base = base
    school.people = {}
    for (const name of ['admin', 'instructor', 'learner', 'viewer']) school.people[name] = await school.signIn(name)
    const { data } = await school.ask('admin', 'query Courses { courses(first: 50) { nodes { id } } agents(first: 5) { nodes { id } } }')
    school.courses = data.courses.nodes.map(({ id }) => id)
    school.agent = data.agents.nodes[0].id
    // Some who listen.
    for (const name of ['viewer', 'admin', 'learner']) {
      const socket = await Socket.open(new URL(base).host, { token: school.people[name] })
      for (const of of ['bookingChanged { id }', 'courseChanged { id }', 'unreadNotificationCountChanged']) socket.subscribe(`subscription { ${of} }`, {}, () => {}).catch(() => {})
      school.sockets.push(socket)
    }
    return school
  }

  sockets = []

  async ask(who, query, variables = {}) {
    const headers = { 'content-type': 'application/json', ...(this.people[who] && { authorization: `Bearer ${this.people[who]}` }) }
    const response = await fetch(`${this.base}/graphql`, { method: 'POST', headers, body: JSON.stringify({ query, variables }) })
    return response.json()
  }

  async signIn(name, password = PASSWORD) {
    const { data } = await this.ask(undefined, 'mutation SignIn($input: LoginInput!) { login(input: $input) { accessToken } }', { input: { tenant: TENANT, email: `${name}@${DOMAIN}`, password } })
    return data?.login?.accessToken
  }
}

const any = (list) => list[Math.floor(Math.random() * list.length)]

/** What is asked, and how often beside the others. */
const WAYS = [
  [30, (school) => school.ask(any(['viewer', 'learner', 'instructor']), 'query Catalogue { courses(first: 20) { nodes { id title enrollmentCount instructor { id name } } } }')],
  [14, (school) => school.ask(any(['viewer', 'admin']), 'query Bookings { bookings(first: 30) { nodes { id status startsAt instructor { name } course { title } } } }')],
  [12, (school) => school.ask('learner', 'query Me { viewer { user { id name } } unreadNotificationCount }')],
  [8, (school) => school.ask('admin', 'query People { users(first: 30) { nodes { id name email } } }')],
  [6, (school) => school.ask('viewer', 'query Dashboard { reports { bookingsByStatus { status count } instructorUtilisation { instructor { id } } } }')],
  [6, (school) => school.ask('learner', 'query Course($id: ID!) { course(id: $id) { id title description instructor { name } } }', { id: any(school.courses) })],
  [4, (school) => school.ask('admin', 'mutation CreateCourse($input: CreateCourseInput!) { createCourse(input: $input) { id } }', { input: { title: `Course ${Math.random().toString(36).slice(2)}` } })],
  [3, (school) => school.ask('learner', 'mutation Enroll($input: EnrollInput!) { enroll(input: $input) { id } }', { input: { courseId: any(school.courses) } })],
  [2, (school) => school.ask('learner', 'mutation Forbidden($input: CreateCourseInput!) { createCourse(input: $input) { id } }', { input: { title: 'Not mine' } })],
  [2, (school) => school.signIn('viewer', Math.random() < 0.3 ? 'a wrong password' : PASSWORD)],
  [1, (school) => school.ask('viewer', 'query Broken { courses(first: 5) { nodes { nothing } } }')],
  [1, (school) => school.ask('learner', 'query Missing($id: ID!) { course(id: $id) { id } }', { id: 'course_00000000000000000000000000' })],
  [1, talk],
  [1, upload],
]
const WHOLE = WAYS.reduce((sum, [weight]) => sum + weight, 0)

/** A conversation with an assistant. */
async function talk(school) {
  const start = 'mutation Start($input: CreateConversationInput!) { createConversation(input: $input) { id } }'
  const { data } = await school.ask('instructor', start, { input: { agentId: school.agent } })
  const send = 'mutation Send($input: SendMessageInput!) { sendMessage(input: $input) { id } }'
  return school.ask('instructor', send, { input: { conversationId: data.createConversation.id, text: 'What should I teach first?', clientMessageId: randomUUID() } })
}

/** A picture of one pixel. */
async function upload(school) {
  const bytes = Buffer.from('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==', 'base64')
  const input = { name: 'pixel.png', contentType: 'image/png', size: bytes.length, sha256: createHash('sha256').update(bytes).digest('hex') }
  const { data } = await school.ask('instructor', 'mutation Begin($input: CreateUploadInput!) { createUpload(input: $input) { id url } }', { input })
  await fetch(new URL(data.createUpload.url, school.base), { method: 'PUT', body: bytes, headers: { 'content-type': 'image/png' } })
  return school.ask('instructor', 'mutation Complete($id: ID!) { completeUpload(id: $id) { id } }', { id: data.createUpload.id })
}

function pick() {
  let place = Math.random() * WHOLE
  return WAYS.find(([weight]) => (place -= weight) < 0)[1]
}

/** Asks for so many seconds, between 5 and 60 requests a second; answers how many it asked. */
export async function crowd(school, seconds) {
  let asked = 0
  const began = Date.now()
  const running = new Set()
  const refused = new Map()
  const count = (message) => refused.set(message, (refused.get(message) ?? 0) + 1)
  while (Date.now() - began < seconds * 1000) {
    const wave = 0.5 + 0.5 * Math.sin((Date.now() - began) / 20_000) * Math.sin((Date.now() - began) / 47_000)
    const one = pick()(school)
      .then((answer) => answer?.errors?.forEach(({ message }) => count(message)))
      .catch((error) => count(error.cause?.message ?? error.message))
      .finally(() => running.delete(one))
    running.add(one)
    asked++
    if (running.size > 40) await Promise.race(running)
    await new Promise((done) => setTimeout(done, 1000 / (5 + 55 * wave)))
  }
  await Promise.all(running)
  for (const [message, times] of refused) console.log(`${times} times: ${message}`)
  return asked
}
