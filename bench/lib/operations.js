// What is asked: the same of everybody, in the words of each. Aliases make the answers of other servers look like Lectern's,
// so that they can be compared.
//
// `pick` chooses, for one request, who asks and for what. `lectern` and `peer` are documents and their variables; `limit` is
// the same by hand (limit/*.sql), whose first parameter is always the tenant. In the documents of the other servers
// `$ROW` stands for the field of a row's id, and `$FN` for the prefix of functions: PostGraphile 4 and 5 differ there.

import { readFileSync } from 'node:fs'
import { typeId } from './people.js'

const day = 86_400_000
const sql = (name) => readFileSync(new URL(`../limit/${name}.sql`, import.meta.url), 'utf8')

const WEEK = `id startsAt endsAt status student { id name } instructor { id name } course { id title }`

export const OPERATIONS = {
  Q1: {
    title: 'one course with its instructor',
    role: 'VIEWER',
    pick: ({ school, any }) => ({ course: any(school.courses) }),
    lectern: 'query ($id: ID!) { course(id: $id) { id title description status capacity tags createdAt instructor { id name } } }',
    lecternVariables: ({ course }) => ({ id: typeId('course', course) }),
    peer: `query ($tenant: UUID!, $id: UUID!) {
      course: courseByTenantIdAnd$KEY(tenantId: $tenant, $key: $id) {
        $ROW title description status capacity tags createdAt instructor: appUserByTenantIdAndInstructorId { $ROW name } } }`,
    peerVariables: ({ tenant, course }) => ({ tenant, id: course }),
    limit: sql('q1_course'),
    limitValues: ({ course }) => [course],
  },
  Q2: {
    title: '20 courses with instructor and enrollmentCount',
    role: 'VIEWER',
    pick: () => ({}),
    lectern: '{ courses(first: 20) { nodes { id title status instructor { id name } enrollmentCount } } }',
    peer: `query ($tenant: UUID!) { courses: $ALLCATALOGUES(first: 20, condition: { tenantId: $tenant }, orderBy: [TITLE_ASC, $ROWID_ASC]) {
      nodes { $ROW title status instructor: appUserByTenantIdAndInstructorId { $ROW name } enrollmentCount } } }`,
    peerVariables: ({ tenant }) => ({ tenant }),
    limit: sql('q2_courses'),
  },
  Q3: {
    title: '20 courses, 10 enrollments each, their learners',
    role: 'VIEWER',
    pick: () => ({}),
    lectern: '{ courses(first: 20) { nodes { id title enrollments(first: 10) { nodes { id status progress user { id name } } } } } }',
    peer: `query ($tenant: UUID!) { courses: allCourses(first: 20, condition: { tenantId: $tenant, deletedAt: null }, orderBy: [TITLE_ASC, $ROWID_ASC]) {
      nodes { $ROW title enrollments: enrollmentsByTenantIdAndCourseId(first: 10, orderBy: [ENROLLED_AT_DESC, $ROWID_DESC]) {
        nodes { $ROW status progress user: appUserByTenantIdAndUserId { $ROW name } } } } } }`,
    peerVariables: ({ tenant }) => ({ tenant }),
    limit: sql('q3_enrollments'),
  },
  Q4: {
    title: 'bookings of a week (100) with instructor, learner and course',
    role: 'VIEWER',
    pick: ({ whole, today }) => {
      const from = today + (whole(49) - 28) * day
      return { from: new Date(from).toISOString(), to: new Date(from + 7 * day).toISOString() }
    },
    lectern: `query ($from: DateTime!, $to: DateTime!) { bookings(first: 100, filter: { from: $from, to: $to }) { nodes { ${WEEK} } } }`,
    lecternVariables: ({ from, to }) => ({ from, to }),
    peer: `query ($from: Datetime!, $to: Datetime!) { bookings: $FNbookingsBetween(since: $from, until: $to, first: 100) {
      nodes { $ROW startsAt endsAt status student: appUserByTenantIdAndStudentId { $ROW name }
        instructor: appUserByTenantIdAndInstructorId { $ROW name } course: courseByTenantIdAndCourseId { $ROW title } } } }`,
    peerVariables: ({ from, to }) => ({ from, to }),
    limit: sql('q4_bookings'),
    limitValues: ({ from, to }) => [from, to],
  },
  Q5: {
    title: 'a dashboard of four reports',
    role: 'VIEWER',
    pick: () => ({}),
    lectern: `{ reports {
      overview { users courses publishedCourses groups enrollments completedEnrollments bookings }
      enrollmentsByStatus { status count }
      courseProgress(first: 10) { course { id title } enrollments averageProgress completionRate }
      bookingsPerDay { date count } } }`,
    lecternShape: ({ reports: { enrollmentsByStatus, ...rest } }) => ({ ...rest, enrollmentsByStatus: byStatus(enrollmentsByStatus) }),
    peer: `{
      overview: $FNoverview { users courses publishedCourses groups enrollments completedEnrollments bookings }
      enrollmentsByStatus: $FNenrollmentsByStatus { nodes { status count } }
      courseProgress: $FNcourseProgress(top: 10) { nodes { courseId title enrollments averageProgress completionRate } }
      bookingsPerDay: $FNbookingsPerDay { nodes { date: day count } } }`,
    peerShape: ({ overview, enrollmentsByStatus, courseProgress, bookingsPerDay }) => ({
      overview,
      enrollmentsByStatus: byStatus(enrollmentsByStatus.nodes),
      courseProgress: courseProgress.nodes.map(({ courseId, title, ...rest }) => ({ course: courseId && { id: courseId, title }, ...rest })),
      bookingsPerDay: bookingsPerDay.nodes,
    }),
    limit: sql('q5_reports'),
    limitShape: ({ enrollmentsByStatus, ...rest }) => ({ ...rest, enrollmentsByStatus: byStatus(enrollmentsByStatus) }),
  },
  Q6a: {
    title: 'courses found by a word',
    role: 'VIEWER',
    pick: ({ any }) => ({ words: any(WORDS) }),
    lectern: 'query ($words: String!) { courses(first: 10, filter: { search: $words }) { nodes { id title status } } }',
    lecternVariables: ({ words }) => ({ words }),
    peer: 'query ($words: String!) { courses: $FNsearchCourses(words: $words, first: 10) { nodes { $ROW title status } } }',
    peerVariables: ({ words }) => ({ words }),
    limit: sql('q6a_search'),
    limitValues: ({ words }) => [words],
  },
  Q6b: {
    title: 'page 50 of enrollments by cursor',
    role: 'VIEWER',
    pick: ({ school }) => ({ page: school.page }),
    lectern: `query ($after: String!) { enrollments(first: 20, after: $after) {
      nodes { id status progress enrolledAt user { id name } course { id title } } pageInfo { hasNextPage } } }`,
    lecternVariables: ({ page }) => ({ after: page.cursors.lectern }),
    peer: `query ($tenant: UUID!, $after: Cursor!) {
      enrollments: allEnrollments(first: 20, after: $after, condition: { tenantId: $tenant }, orderBy: [ENROLLED_AT_DESC, $ROWID_DESC]) {
        nodes { $ROW status progress enrolledAt user: appUserByTenantIdAndUserId { $ROW name } course: courseByTenantIdAndCourseId { $ROW title } }
        pageInfo { hasNextPage } } }`,
    peerVariables: ({ tenant, page }, peer) => ({ tenant, after: page.cursors[peer] }),
    limit: sql('q6b_page'),
    limitValues: ({ page }) => [page.enrolledAt, page.id],
  },
  M1: {
    title: 'request a booking',
    role: 'LEARNER',
    writes: true,
    // Beyond the weeks that Q4 reads.
    pick: ({ school, any, whole, today }) => {
      const from = today + 60 * day + whole(400 * 24 * 12) * 300_000
      return { course: any(school.courses), from: new Date(from).toISOString(), to: new Date(from + 3_600_000).toISOString(), notes: 'Measured.' }
    },
    lectern: `mutation ($input: RequestBookingInput!) { requestBooking(input: $input) {
      id startsAt endsAt status notes student { id name } course { id title } } }`,
    lecternVariables: ({ course, from, to, notes }) => ({ input: { startsAt: from, endsAt: to, courseId: typeId('course', course), notes } }),
    peer: `mutation ($booking: BookingInput!) { requestBooking: createBooking(input: { booking: $booking }) { booking {
      $ROW startsAt endsAt status notes student: appUserByTenantIdAndStudentId { $ROW name } course: courseByTenantIdAndCourseId { $ROW title } } } }`,
    peerVariables: ({ tenant, user, course, from, to, notes }) => ({
      booking: { tenantId: tenant, studentId: user, courseId: course, startsAt: from, endsAt: to, notes },
    }),
    peerShape: ({ requestBooking }) => ({ requestBooking: requestBooking.booking }),
    limit: sql('m1_booking'),
    limitValues: ({ user, course, from, to, notes }) => [user, course, from, to, notes],
    /** Each makes a new one. */
    forget: ({ requestBooking: { id, ...rest } }) => rest,
  },
  M2: {
    title: 'record progress',
    role: 'ADMIN',
    writes: true,
    pick: ({ school, any, whole }) => ({ enrollment: any(school.enrollments), progress: 1 + whole(99) }),
    lectern: 'mutation ($input: RecordProgressInput!) { recordProgress(input: $input) { id status progress completedAt } }',
    lecternVariables: ({ enrollment, progress }) => ({ input: { id: typeId('enrollment', enrollment), progress } }),
    peer: `mutation ($tenant: UUID!, $id: UUID!, $progress: Float!) {
      recordProgress: updateEnrollmentByTenantIdAnd$KEY(input: { tenantId: $tenant, $key: $id,
        enrollmentPatch: { progress: $progress, status: "IN_PROGRESS", completedAt: null } }) { enrollment { $ROW status progress completedAt } } }`,
    peerVariables: ({ tenant, enrollment, progress }) => ({ tenant, id: enrollment, progress }),
    peerShape: ({ recordProgress }) => ({ recordProgress: recordProgress.enrollment }),
    limit: sql('m2_progress'),
    limitValues: ({ enrollment, progress }) => [enrollment, progress],
  },
  L1: {
    title: 'a course with 200 lessons, locks and own progress',
    role: 'LEARNER',
    pick: ({ school }) => ({ course: school.lessons.course }),
    lectern: `query ($id: ID!) { course(id: $id) { id title lessonCount sections { id title isLocked lockReason
      lessons { id title kind position isRequired isLocked lockReason unlocksAt viewerProgress { status positionSeconds } } } } }`,
    lecternVariables: ({ course }) => ({ id: typeId('course', course) }),
    peer: `query ($tenant: UUID!, $id: UUID!) { course: courseByTenantIdAnd$KEY(tenantId: $tenant, $key: $id) { $ROW title }
      outline: $FNoutline(courseId: $id) { nodes { sectionId sectionTitle sectionLock lessonId title kind position isRequired lockReason unlocksAt status positionSeconds } } }`,
    peerVariables: ({ tenant, course }) => ({ tenant, id: course }),
    peerShape: ({ course, outline: { nodes } }) => {
      const sections = new Map()
      for (const { sectionId: id, sectionTitle, sectionLock, lessonId, status, positionSeconds, ...lesson } of nodes) {
        if (!sections.has(id)) sections.set(id, { id, title: sectionTitle, isLocked: sectionLock !== null, lockReason: sectionLock, lessons: [] })
        const viewerProgress = status && { status, positionSeconds }
        sections.get(id).lessons.push({ ...lesson, id: lessonId, isLocked: lesson.lockReason !== null, viewerProgress })
      }
      return { course: { ...course, lessonCount: nodes.length, sections: [...sections.values()] } }
    },
    limit: sql('l1_lessons'),
    limitValues: ({ course }) => [course],
  },
  L2: {
    title: 'a grade book of 100 people and 50 graded lessons',
    role: 'ADMIN',
    pick: ({ school }) => ({ course: school.graded }),
    lectern: 'query ($id: ID!) { course(id: $id) { gradeBook(first: 100) { nodes { currentGrade finalGrade grades { percent isMissing } } } } }',
    lecternVariables: ({ course }) => ({ id: typeId('course', course) }),
    peer: 'query ($id: UUID!) { gradeBook: $FNgradeBook(courseId: $id, top: 100) { nodes { currentGrade finalGrade grades { percent isMissing } } } }',
    peerVariables: ({ course }) => ({ id: course }),
    peerShape: (data) => ({ course: data }),
    limit: sql('l2_grades'),
    limitValues: ({ course }) => [course],
  },
  L3: {
    title: 'complete a lesson',
    role: 'LEARNER',
    writes: true,
    pick: ({ school, any }) => ({ lesson: any(school.lessons.open) }),
    lectern: 'mutation ($input: CompleteLessonInput!) { completeLesson(input: $input) { status completedAt lesson { id title } } }',
    lecternVariables: ({ lesson }) => ({ input: { lessonId: typeId('lesson', lesson) } }),
    peer: 'mutation ($lesson: UUID!) { completeLesson: $FNcompleteLesson(input: { lesson: $lesson }) { $RESULTcompletion { lessonId title completedAt } } }',
    peerVariables: ({ lesson }) => ({ lesson }),
    peerShape: ({ completeLesson: { completion } }) => ({
      completeLesson: { status: 'COMPLETED', completedAt: completion.completedAt, lesson: { id: completion.lessonId, title: completion.title } },
    }),
    limit: sql('l3_complete'),
    limitValues: ({ lesson }) => [lesson],
  },
  // Two requests: who starts is shown what is asked, and then hands in. The second one names the attempt that the first one has made.
  L4: {
    title: 'start, save and submit a quiz of 30 questions',
    role: 'LEARNER',
    writes: true,
    /** Which of pgbench's connections meet at one person waits for the other. */
    scripts: 32,
    pick: ({ school: { quiz }, any, whole }) => ({ quiz: quiz.id, answers: quiz.questions.map((question) => answered(question, any, whole)) }),
    lectern: `mutation ($quiz: ID!) { started: startQuizAttempt(quizId: $quiz) { id status questions { questionId kind prompt points options { id text } } } }`,
    lecternVariables: ({ quiz }) => ({ quiz: typeId('quiz', quiz) }),
    peer: `mutation ($quiz: UUID!) { started: $FNstartQuiz(input: { quiz: $quiz }) { $RESULTsheet {
      $ROW status questions { questionId kind prompt points options { $ROW text } } } } }`,
    peerVariables: ({ quiz }) => ({ quiz }),
    then: {
      lectern: `mutation ($attempt: ID!, $answers: [QuizAnswerInput!]!) {
        saved: saveQuizAnswers(input: { attemptId: $attempt, answers: $answers }) { id }
        submitted: submitQuizAttempt(id: $attempt) { status score maxScore percent isPassed } }`,
      lecternVariables: ({ answers }, attempt) => ({
        attempt,
        answers: answers.map(({ question, options, ...rest }) => ({
          questionId: typeId('question', question), ...(options && { optionIds: options.map((option) => typeId('option', option)) }), ...rest,
        })),
      }),
      peer: `mutation ($attempt: UUID!, $answers: JSON!) {
        saved: $FNsaveQuiz(input: { attempt: $attempt, answers: $answers }) { $RESULTuuid }
        submitted: $FNsubmitQuiz(input: { attempt: $attempt }) { $RESULToutcome { status score maxScore percent isPassed } } }`,
      peerVariables: ({ answers }, attempt) => ({ attempt, answers }),
    },
    /** As long as the id of an attempt is. */
    lecternPlace: 'attempt_00000000000000000000000000',
    peerPlace: '00000000-0000-0000-0000-000000000000',
    idOf: ({ started }) => (started.sheet ?? started).id,
    lecternShape: ({ started: { id, ...started }, submitted }) => ({ started, submitted }),
    peerShape: ({ started: { sheet: { id, ...started } }, submitted: { outcome } }) => ({ started, submitted: outcome }),
    limit: sql('l4_quiz'),
    limitValues: ({ quiz, answers }) => [quiz, JSON.stringify(answers)],
  },
  // S2 (hold and book) and S3 (a series) are asked by `load/slots.js`: what is booked once is taken, so that no request can be asked again.
  S1: {
    title: 'slots of 200 instructors in 14 days',
    role: 'VIEWER',
    /** The others have no such type. */
    isAskedIn: ({ slots }) => slots,
    pick: ({ school: { slots }, whole }) => ({
      type: slots.type, from: new Date(Date.parse(slots.first) + whole(9) * 3_600_000).toISOString(), to: new Date(Date.parse(slots.first) + 14 * day).toISOString(),
    }),
    lectern: `query ($type: ID!, $from: DateTime!, $to: DateTime!) { slots(bookingTypeId: $type, from: $from, to: $to, timeZone: "UTC") {
      days { date slots { startsAt instructorCount } } } }`,
    lecternVariables: ({ type, from, to }) => ({ type: typeId('bookingtype', type), from, to }),
    peer: 'query ($type: UUID!, $from: Datetime!, $to: Datetime!) { slots: $FNfreeSlots(kind: $type, since: $from, until: $to) { nodes { startsAt instructorCount } } }',
    peerVariables: ({ type, from, to }) => ({ type, from, to }),
    peerShape: ({ slots: { nodes } }) => {
      const days = new Map()
      for (const { startsAt, instructorCount } of nodes) {
        const date = new Date(startsAt).toISOString().slice(0, 10)
        days.set(date, [...(days.get(date) ?? []), { startsAt, instructorCount }])
      }
      return { slots: { days: [...days].map(([date, slots]) => ({ date, slots })) } }
    },
    limit: sql('s1_slots'),
    limitValues: ({ type, from, to }) => [type, from, to],
  },
  // Asked in the first school: the others sell nothing. C2 (who buys when all do) and C3 (what 100,000 orders come to) are asked by `load/orders.js`.
  C1: {
    title: 'what a cart of ten lines comes to',
    role: 'ADMIN',
    isAskedIn: ({ shop }) => shop,
    pick: ({ school: { shop }, any, whole }) => {
      const { id, attendees } = any(shop.applications)
      return { application: id, lines: shop.products.flatMap((product) => attendees.map((attendee) => ({ product, attendee, quantity: 1 + whole(3) }))) }
    },
    lectern: `query ($input: PreviewOrderInput!) { previewOrder(input: $input) { currency subtotal { amount } tax { amount } total { amount } discount { source amount { amount } }
      lines { quantity subtotal { amount } discount { amount } tax { amount } total { amount } } } }`,
    lecternVariables: ({ application, lines }) => ({
      input: {
        applicationId: typeId('application', application), currency: 'EUR',
        lines: lines.map(({ product, attendee, quantity }) => ({ productId: typeId('product', product), attendeeId: typeId('attendee', attendee), quantity })),
      },
    }),
    lecternShape: ({ previewOrder: { currency, discount, lines, ...sums } }) => ({
      currency, source: discount?.source ?? null, discount: discount?.amount.amount ?? 0, ...amounts(sums),
      lines: lines.map(({ quantity, ...parts }) => ({ quantity, ...amounts(parts) })),
    }),
    peer: 'query ($application: UUID!, $lines: JSON!) { quote: $FNquote(application: $application, lines: $lines) }',
    peerVariables: ({ application, lines }) => ({ application, lines }),
    peerShape: ({ quote }) => (typeof quote === 'string' ? JSON.parse(quote) : quote),
    limit: sql('c1_quote'),
    limitValues: ({ application, lines }) => [application, JSON.stringify(lines)],
  },
  C4: {
    title: '100 applications with attendees and applicant',
    role: 'VIEWER',
    isAskedIn: ({ shop }) => shop,
    pick: ({ school: { shop } }) => ({ program: shop.program }),
    lectern: `query ($program: ID!) { applications(first: 100, filter: { programId: $program }, orderBy: { field: CREATED_AT, direction: DESC }) {
      nodes { id status createdAt applicant { id name } attendees { id name kind } } } }`,
    lecternVariables: ({ program }) => ({ program: typeId('program', program) }),
    peer: `query ($tenant: UUID!, $program: UUID!) {
      applications: allApplications(first: 100, condition: { tenantId: $tenant, programId: $program }, orderBy: [CREATED_AT_DESC, $ROWID_DESC]) {
        nodes { $ROW status createdAt applicant: appUserByTenantIdAndUserId { $ROW name }
          attendees: attendeesByTenantIdAndProgramIdAndApplicationId(orderBy: [CREATED_AT_ASC, $ROWID_ASC]) { nodes { $ROW name kind } } } } }`,
    peerVariables: ({ tenant, program }) => ({ tenant, program }),
    peerShape: ({ applications: { nodes } }) => ({ applications: { nodes: nodes.map(({ attendees, ...rest }) => ({ ...rest, attendees: attendees.nodes })) } }),
    limit: sql('c4_applications'),
    limitValues: ({ program }) => [program],
  },
}

/** An answer as Lectern's function takes it; right in about half of all cases. */
function answered({ id: question, kind, options }, any, whole) {
  if (kind === 'NUMERIC') return { question, number: 1 + whole(3) }
  if (kind === 'SHORT_TEXT') return { question, text: any(['right', 'correct', 'wrong']) }
  if (kind === 'MULTIPLE') return { question, options: options.filter((_, at) => whole(3) > (at < 2 ? 0 : 1)) }
  return { question, options: [whole(2) ? options[0] : any(options)] }
}

/** A day's traffic: four reads to a write. The numbers are shares. */
export const MIX = { Q1: 25, Q2: 15, Q3: 10, Q4: 10, Q5: 5, Q6a: 7.5, Q6b: 7.5, M1: 10, M2: 10 }
export const MIX_TITLE = 'Q1 to M2, 80 % reads, 20 % writes'

const WORDS = ['algebra', 'biol', 'chemistry', 'draw', 'econ', 'french', 'geog', 'history', 'italian', 'journal', 'work', 'beginners', 'practice', 'soc adv']
const amounts = (sums) => Object.fromEntries(Object.entries(sums).map(([name, { amount }]) => [name, amount]))
const byStatus = (counts) => [...counts].sort((one, other) => (one.status < other.status ? -1 : 1))
