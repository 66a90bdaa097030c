// An ordinary day of two schools at once, over HTTP, by a GraphQL client that others wrote:
//   node day.js http://127.0.0.1:8000
// The last line is "N passed, N failed".
import { GraphQLClient, ClientError, gql } from 'graphql-request'

const base = process.argv[2] ?? 'http://127.0.0.1:8000'
let passed = 0
const failures = []

function check(what, fine, seen) {
  if (fine) passed += 1
  else failures.push(`${what}: ${JSON.stringify(seen)}`)
}

class Person {
  constructor(token) {
    this.client = new GraphQLClient(`${base}/graphql`, token ? { headers: { authorization: `Bearer ${token}` } } : {})
  }

  static async signIn(tenant, email) {
    const { login } = await new Person().ask(
      gql`mutation ($input: LoginInput!) { login(input: $input) { accessToken viewer { user { id name } activeRole { key } } } }`,
      { input: { tenant, email, password: 'lectern-demo' } },
    )
    return Object.assign(new Person(login.accessToken), { id: login.viewer.user.id, role: login.viewer.activeRole.key })
  }

  ask(document, variables) {
    return this.client.request(document, variables)
  }

  /** Code and reason of a refusal; null when it was none. */
  async refusal(document, variables) {
    try {
      await this.ask(document, variables)
      return null
    } catch (error) {
      if (!(error instanceof ClientError)) throw error
      const { code, reason } = error.response.errors[0].extensions
      return [code, reason].filter(Boolean).join(' ')
    }
  }
}

/** A quiet hour, far enough ahead that no demo booking lies there. */
function hour(offset) {
  const start = new Date(Date.now() + 60 * 24 * 3600e3)
  start.setUTCHours(8 + offset, 0, 0, 0)
  return { startsAt: start.toISOString(), endsAt: new Date(start.getTime() + 3600e3).toISOString() }
}

async function day({ tenant, domain }) {
  const at = (what) => `${tenant}: ${what}`
  // One after the other: what hashes a password waits for few places.
  const signedIn = []
  for (const name of ['admin', 'instructor', 'learner']) signedIn.push(await Person.signIn(tenant, `${name}@${domain}`))
  const [admin, instructor, learner] = signedIn
  check(at('everybody signs in in the own role'), admin.role === 'ADMIN' && instructor.role === 'INSTRUCTOR' && learner.role === 'LEARNER', learner.role)
  const total = gql`{ courses { totalCount } bookings { totalCount } auditLog { totalCount } }`
  const before = await admin.ask(total)

  // A course: created by its instructor, invisible until it is published, then taken.
  const title = `A day at ${tenant} ${Date.now()}`
  const { createCourse: course } = await instructor.ask(
    gql`mutation ($input: CreateCourseInput!) { createCourse(input: $input) { id status sections { id } } }`,
    { input: { title, capacity: 5, tags: ['day'] } },
  )
  const sections = []
  for (const name of ['First', 'Second', 'Third']) {
    const { createSection } = await instructor.ask(gql`mutation ($input: CreateSectionInput!) { createSection(input: $input) { id position } }`, {
      input: { courseId: course.id, title: name },
    })
    sections.push(createSection.id)
  }
  const { reorderSections } = await instructor.ask(
    gql`mutation ($input: ReorderSectionsInput!) { reorderSections(input: $input) { sections { title } } }`,
    { input: { courseId: course.id, sectionIds: sections.toReversed() } },
  )
  check(at('sections are reordered'), reorderSections.sections.map((s) => s.title).join() === 'Third,Second,First', reorderSections)
  const one = gql`query ($id: ID!) { course(id: $id) { id title enrollmentCount viewerEnrollment { progress status } } }`
  check(at('a draft is hidden from learners'), (await learner.ask(one, { id: course.id })).course === null)
  await instructor.ask(gql`mutation ($id: ID!) { publishCourse(id: $id) { status } }`, { id: course.id })

  const enroll = gql`mutation ($input: EnrollInput!) { enroll(input: $input) { id status } }`
  const { enroll: enrollment } = await learner.ask(enroll, { input: { courseId: course.id } })
  check(at('enrolling twice is refused'), (await learner.refusal(enroll, { input: { courseId: course.id } })) === 'CONFLICT ALREADY_ENROLLED')
  await learner.ask(gql`mutation ($input: RecordProgressInput!) { recordProgress(input: $input) { status } }`, { input: { id: enrollment.id, progress: 40 } })
  const seen = await learner.ask(one, { id: course.id })
  check(at('the learner sees the own progress'), seen.course.viewerEnrollment.progress === 40 && seen.course.enrollmentCount === 1, seen)

  // A group that enrolls by itself.
  const people = await admin.ask(gql`{ users(first: 50, filter: { roleKeys: ["LEARNER"], statuses: [ACTIVE] }) { nodes { id } } }`)
  const others = people.users.nodes.map((u) => u.id).filter((id) => id !== learner.id).slice(0, 3)
  const { createGroup: group } = await admin.ask(gql`mutation ($input: CreateGroupInput!) { createGroup(input: $input) { id } }`, {
    input: { name: title, autoEnroll: true },
  })
  await admin.ask(gql`mutation ($input: AddGroupMembersInput!) { addGroupMembers(input: $input) { memberCount } }`, { input: { groupId: group.id, userIds: others } })
  await admin.ask(gql`mutation ($input: AddGroupCoursesInput!) { addGroupCourses(input: $input) { id } }`, { input: { groupId: group.id, courseIds: [course.id] } })
  const full = await admin.ask(gql`query ($id: ID!) { course(id: $id) { enrollmentCount } group(id: $id2) { memberCount } }`.replace('($id: ID!)', '($id: ID!, $id2: ID!)'), { id: course.id, id2: group.id })
  check(at('the group enrolls its members'), full.course.enrollmentCount === 1 + others.length && full.group.memberCount === others.length, full)

  // Availability and a booking, from request to completion.
  const [nine, ten] = [hour(1), hour(2)]
  await instructor.ask(gql`mutation ($input: CreateAvailabilityInput!) { createAvailability(input: $input) { id } }`, {
    input: { startsAt: nine.startsAt, endsAt: ten.endsAt },
  })
  const request = gql`mutation ($input: RequestBookingInput!) { requestBooking(input: $input) { id status allowedTransitions } }`
  const { requestBooking: booking } = await learner.ask(request, { input: { ...nine, courseId: course.id, requestedInstructorId: instructor.id, notes: 'First lesson' } })
  check(at('a learner may cancel what they asked for'), booking.allowedTransitions.join() === 'CANCELLED', booking)
  const approve = gql`mutation ($id: ID!) { approveBooking(id: $id) { status allowedTransitions } }`
  check(at('a learner may not approve'), (await learner.refusal(approve, { id: booking.id })) === 'FORBIDDEN')
  await admin.ask(approve, { id: booking.id })
  const assign = gql`mutation ($input: AssignBookingInput!) { assignBooking(input: $input) { status instructor { id } } }`
  const { assignBooking } = await admin.ask(assign, { input: { id: booking.id, instructorId: instructor.id } })
  check(at('the instructor is assigned'), assignBooking.status === 'ASSIGNED' && assignBooking.instructor.id === instructor.id, assignBooking)

  // A clash: somebody else at the same hour with the same instructor.
  const clashing = await learner.refusal(
    gql`mutation ($input: RequestBookingInput!) { requestBooking(input: $input) { id } }`, { input: { startsAt: nine.endsAt, endsAt: nine.startsAt } })
  check(at('an end before the start is refused'), clashing === 'BAD_USER_INPUT', clashing)
  const second = (await admin.ask(request, { input: nine })).requestBooking
  await admin.ask(approve, { id: second.id })
  const clash = await admin.refusal(assign, { input: { id: second.id, instructorId: instructor.id } })
  check(at('two bookings of one instructor at one hour are refused'), clash === 'CONFLICT BOOKING_CONFLICT', clash)
  const complete = gql`mutation ($id: ID!) { completeBooking(id: $id) { id status } }`
  const early = await instructor.refusal(complete, { id: booking.id })
  check(at('nothing is completed before it begins'), early === 'CONFLICT NOT_STARTED', early)
  // The demo has lessons of this instructor that took place and wait to be completed; each run of this script completes one.
  const { bookings: begun } = await instructor.ask(
    gql`query ($to: DateTime!, $id: ID!) { bookings(first: 1, filter: { to: $to, statuses: [ASSIGNED], instructorId: $id }) { nodes { id } } }`,
    { to: new Date().toISOString(), id: instructor.id },
  )
  for (const { id } of begun.nodes) {
    const { completeBooking } = await instructor.ask(complete, { id })
    check(at('what took place is completed'), completeBooking.id === id && completeBooking.status === 'COMPLETED', completeBooking)
  }

  // A project with an agent and a document; what a learner says to it is theirs alone. No model is asked.
  const { createProject: project } = await instructor.ask(gql`mutation ($input: CreateProjectInput!) { createProject(input: $input) { id viewerRole } }`, { input: { name: title } })
  const newAgent = gql`mutation ($input: CreateAgentInput!) { createAgent(input: $input) { id version temperature tools } }`
  const { createAgent: agent } = await instructor.ask(newAgent, { input: { projectId: project.id, name: 'Tutor of the day', kind: 'TUTOR' } })
  check(at('an agent begins with its template'), project.viewerRole === 'MANAGER' && agent.version === 1 && agent.temperature === 0.3, agent)
  check(at('agents of the school need a permission'), (await instructor.refusal(newAgent, { input: { name: 'Everybody’s', kind: 'CUSTOM' } })) === 'FORBIDDEN')
  const begin = gql`mutation ($input: CreateConversationInput!) { createConversation(input: $input) { id messageCount } }`
  check(at('a project is closed to others'), (await learner.refusal(begin, { input: { agentId: agent.id } })) === 'NOT_FOUND')
  await instructor.ask(gql`mutation ($input: AddProjectMembersInput!) { addProjectMembers(input: $input) { memberCount } }`, { input: { projectId: project.id, userIds: [learner.id] } })
  const { createDocument: document } = await instructor.ask(gql`mutation ($input: CreateDocumentInput!) { createDocument(input: $input) { id state } }`, {
    input: { projectId: project.id, title, text: 'What happened on this day was quite ordinary.' },
  })
  check(at('a document waits to be read'), document.state === 'PENDING', document)
  const { createConversation: talk } = await learner.ask(begin, { input: { agentId: agent.id } })
  const talks = gql`query ($id: ID!) { conversation(id: $id) { id } assistantPolicy { isConfigured } }`
  check(at('nobody else reads a conversation'), (await admin.ask(talks, { id: talk.id })).conversation === null && (await learner.ask(talks, { id: talk.id })).conversation.id === talk.id)
  if (!(await learner.ask(talks, { id: talk.id })).assistantPolicy.isConfigured) {
    const unsaid = await learner.refusal(gql`mutation ($input: SendMessageInput!) { sendMessage(input: $input) { id } }`, { input: { conversationId: talk.id, text: 'Hello', clientMessageId: 'day' } })
    check(at('without an endpoint nothing is sent'), unsaid === 'UNAVAILABLE ASSISTANT_NOT_CONFIGURED', unsaid)
  }

  // The calendar, the numbers, the trail.
  const day = await learner.ask(
    gql`query ($from: DateTime!, $to: DateTime!, $id: ID) { calendar(from: $from, to: $to, instructorId: $id) { days { bookings { id } free { startsAt endsAt } } } }`,
    { from: nine.startsAt, to: ten.endsAt, id: instructor.id },
  )
  const slots = day.calendar.days.flatMap((d) => d.free)
  check(at('the calendar shows the booking and the hour left free'),
    day.calendar.days.some((d) => d.bookings.some((b) => b.id === booking.id)) && slots.length === 1 && Date.parse(slots[0].startsAt) === Date.parse(ten.startsAt), day)
  const { reports } = await admin.ask(gql`{ reports { overview { enrollments courses } enrollmentsByStatus { status count } bookingsByStatus { count } courseProgress(first: 3) { averageProgress course { title } } } }`)
  check(at('totals agree'), reports.enrollmentsByStatus.reduce((sum, s) => sum + s.count, 0) === reports.overview.enrollments, reports)
  const { auditLog } = await admin.ask(gql`query ($id: ID!) { auditLog(filter: { resourceId: $id }) { nodes { operation outcome actor { id } after } } }`, { id: booking.id })
  check(at('the audit log tells the booking’s story'),
    ['requestBooking', 'approveBooking', 'assignBooking'].every((step) => auditLog.nodes.some((n) => n.operation === step && n.outcome === 'CHANGED')), auditLog)
  const after = await admin.ask(total)
  check(at('exactly the own changes are counted'), after.courses.totalCount === before.courses.totalCount + 1 && after.bookings.totalCount === before.bookings.totalCount + 2, [before, after])
  return { admin, ids: [course.id, enrollment.id, group.id, booking.id, learner.id, project.id, agent.id, document.id, talk.id] }
}

try {
  const schools = [
    { tenant: 'alpha-flight-school', domain: 'alpha.example' },
    { tenant: 'bravo-academy', domain: 'bravo.example' },
  ]
  const [alpha, bravo] = await Promise.all(schools.map(day))
  for (const [school, other] of [[alpha, bravo], [bravo, alpha]]) {
    const { nodes } = await school.admin.ask(gql`query ($ids: [ID!]!) { nodes(ids: $ids) { id } }`, { ids: other.ids })
    check('neither school sees anything of the other', nodes.length === other.ids.length && nodes.every((node) => node === null), nodes)
  }
} catch (error) {
  failures.push(error instanceof ClientError ? JSON.stringify(error.response.errors) : String(error?.stack ?? error))
}
for (const failure of failures) console.log(`FAIL  ${failure}`)
console.log(`${passed} passed, ${failures.length} failed`)
process.exit(failures.length ? 1 : 0)
