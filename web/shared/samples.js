// The operations that the page opens with, one tab each. They need no id that only one database has, so each runs as it
// stands on the demo data; `npm test` validates documents and variables against the schema.
//
// Plain JavaScript, because three readers share it: the built page, the page without a build, and the tests.

/**
 * @typedef {object} Moment
 * @property {Date} now when the page was opened
 * @property {boolean} demo whether the server carries the demo data
 *
 * @typedef {object} Sample
 * @property {string} document its operation name is the tab's title
 * @property {(moment: Moment) => Record<string, unknown>} [variables]
 */

/** What the header pane of every tab starts with; the session fills a Bearer that is left empty. */
export const HEADERS = JSON.stringify({ Authorization: 'Bearer ' }, null, 2)

/** The question hour of the demo's flight school: the same id on every machine. */
const DEMO_TYPE = 'bookingtype_01jnhznd7af24rs2cz2jny65pm'
/** Its tutor, a conversation of its administrator, and an answer in that. */
const DEMO_AGENT = 'agent_01jn1v39wwfx9rv6gdnpgrrgab'
const DEMO_CONVERSATION = 'conversation_01jqqm9egffftrcxfwpgqrp116'
const DEMO_ANSWER = 'message_01jn3x8ragfnj8zegsjqpskn4e'

/** @type {Sample[]} */
export const samples = [
  {
    document: /* GraphQL */ `# Run this first. The page keeps the token that comes back and puts it into every request
# whose header pane says "Bearer " with nothing behind it.
mutation SignIn($input: LoginInput!) {
  login(input: $input) {
    accessToken
    accessTokenExpiresAt
    refreshToken
    viewer {
      user { name }
      tenant { name }
      activeRole { name }
    }
  }
}
`,
    variables: ({ demo }) => ({
      input: demo
        ? { tenant: 'alpha-flight-school', email: 'admin@alpha.example', password: 'lectern-demo' }
        : { tenant: '', email: '', password: '' },
    }),
  },
  {
    document: /* GraphQL */ `# Who the token speaks for, and what that person may do. Null when signed out.
query WhoAmI {
  viewer {
    user {
      id
      name
      email
      roles { key name }
    }
    tenant { slug name timeZone subscriptionEnd }
    activeRole { key name }
    permissions
  }
}
`,
  },
  {
    document: /* GraphQL */ `# A page of the catalogue. For the next one, put endCursor into the variable "after".
query Catalogue($first: Int, $after: String, $filter: CourseFilter, $orderBy: CourseOrder) {
  courses(first: $first, after: $after, filter: $filter, orderBy: $orderBy) {
    totalCount
    pageInfo { hasNextPage endCursor }
    nodes {
      id
      title
      status
      tags
      capacity
      enrollmentCount
      instructor { name }
      viewerEnrollment { status progress }
    }
  }
}
`,
    variables: () => ({
      first: 5,
      after: null,
      filter: { statuses: ['PUBLISHED'] },
      orderBy: { field: 'TITLE', direction: 'ASC' },
    }),
  },
  {
    document: /* GraphQL */ `# The newest course with all that hangs on it. Which enrollments appear depends on who asks:
# a learner sees the own one, an instructor those of the own courses, an administrator all.
query CourseInDepth($filter: CourseFilter) {
  courses(first: 1, filter: $filter, orderBy: { field: CREATED_AT, direction: DESC }) {
    nodes {
      id
      title
      description
      status
      tags
      capacity
      enrollmentCount
      createdAt
      updatedAt
      instructor { id name }
      sections { position title }
      enrollments(first: 5) {
        totalCount
        nodes {
          status
          progress
          enrolledAt
          completedAt
          user { name }
        }
      }
      groups(first: 5) {
        nodes { name memberCount }
      }
    }
  }
}
`,
    variables: () => ({ filter: { statuses: ['PUBLISHED'] } }),
  },
  {
    document: /* GraphQL */ `# A learner's evening: where to go on, and what of the course is open. Sign in as learner@alpha.example.
# Opening and completing a lesson, as two further documents:
#   mutation { trackLesson(input: { lessonId: "lesson_…", positionSeconds: 90 }) { status openedAt } }
#   mutation { completeLesson(input: { lessonId: "lesson_…" }) { status enrollment { progress } } }
query Lessons($statuses: [EnrollmentStatus!], $filter: CourseFilter) {
  enrollments(first: 5, filter: { statuses: $statuses }) {
    nodes {
      course { title }
      status
      progress
      lessonsCompleted
      lessonsTotal
      expiresAt
      resumeLesson { id title kind bodyHtml }
    }
  }
  courses(first: 2, filter: $filter, orderBy: { field: CREATED_AT, direction: DESC }) {
    nodes {
      title
      lessonCount
      durationMinutes
      instructors { name }
      materials { title url file { name } }
      sections {
        title
        isLocked
        lockReason
        unlocksAt
        lessons {
          id
          title
          kind
          durationMinutes
          isRequired
          isPreview
          isLocked
          lockReason
          viewerProgress { status completedAt positionSeconds }
        }
      }
    }
  }
}
`,
    variables: () => ({ statuses: ['NOT_STARTED', 'IN_PROGRESS'], filter: { isEnrolled: true } }),
  },
  {
    document: /* GraphQL */ `# A quiz: what there is to take, and how one's own attempts went. Sign in as learner@alpha.example.
# Taking it, as three further documents:
#   mutation { startQuizAttempt(quizId: "quiz_…") { id endsAt questions { questionId kind prompt options { id text } } } }
#   mutation { saveQuizAnswers(input: { attemptId: "attempt_…", answers: [{ questionId: "question_…", optionIds: ["option_…"] }] }) { status } }
#   mutation { submitQuizAttempt(id: "attempt_…") { score maxScore percent isPassed } }
# As instructor@alpha.example, a wrong key is corrected; as a rehearsal, to see who would gain:
#   mutation { regradeQuestion(input: { questionId: "question_…", isVoid: true, reason: "Ambiguous" }) { attempts raised newlyPassed } }
query Quizzes($filter: CourseFilter, $attempts: QuizAttemptFilter) {
  courses(first: 3, filter: $filter) {
    nodes {
      title
      sections {
        lessons {
          title
          quiz {
            id
            mode
            questionCount
            maxScore
            passMark
            review
            viewerClosesAt
            viewerTimeLimitMinutes
            viewerAttemptsLeft
          }
        }
      }
    }
  }
  quizAttempts(first: 5, filter: $attempts) {
    nodes {
      id
      number
      status
      score
      maxScore
      percent
      isPassed
      isReviewable
      questions {
        prompt
        options { id text }
        answer { optionIds number text }
        isCorrect
        key { optionIds number tolerance texts }
        explanation
      }
      scoreHistory { at cause score reason }
    }
  }
}
`,
    variables: () => ({ filter: { isEnrolled: true }, attempts: { statuses: ['SUBMITTED'] } }),
  },
  {
    document: /* GraphQL */ `# Learning paths, what stands in the way of enrolling, and certificates. Sign in as learner@alpha.example.
# Taking a path, and verifying a certificate (signed in or not), as two further documents:
#   mutation { enrollInPath(input: { pathId: "path_…" }) { status path { courses { isLocked obstacle } } } }
#   { verifyCertificate(tenant: "alpha-flight-school", code: "…") { isValid learnerName title issuedAt } }
query PathsAndCertificates($filter: CourseFilter) {
  learningPaths(first: 3) {
    nodes {
      title
      viewerEnrollment { status progress }
      courses {
        position
        unlock
        isLocked
        obstacle
        course { title }
        afterCourse { title }
        viewerEnrollment { status progress }
      }
    }
  }
  courses(first: 10, filter: $filter) {
    nodes {
      title
      viewerObstacles
      prerequisites { isMet minGrade course { title } }
      certificateSettings { isEnabled validMonths }
    }
  }
  certificates(first: 5) {
    nodes { title learnerName status grade code issuedAt expiresAt pdfUrl svgUrl }
  }
}
`,
    variables: () => ({ filter: { statuses: ['PUBLISHED'] } }),
  },
  {
    document: /* GraphQL */ `# What a learner has before them, what they have earned, and what is said in a course. Sign in as learner@alpha.example.
# Asking something, and looking at the board of a course, as two further documents:
#   mutation { createThread(input: { courseId: "course_…", title: "Which weather is good enough?", body: "I *wonder*." }) { id authorName } }
#   { leaderboard(courseId: "course_…", period: THIS_MONTH) { participants viewerEntry { rank } entries { rank name points } } }
# As instructor@alpha.example: who may not get to the end?
#   { reports { learnersAtRisk { enrollment { user { name } course { title } } reasons overdue currentGrade } } }
query Evening($filter: CourseFilter, $first: Int) {
  dashboard {
    deadlines(first: $first) { dueAt isOverdue lesson { title course { title } } }
    continueLearning(first: $first) { progress course { title } resumeLesson { title } }
  }
  viewer {
    points
    level { number name }
    nextLevel { name minPoints }
    streak { current longest }
    badges { awardedAt badge { name description } }
  }
  pointsEntries(first: 5) { nodes { at rule points reason } }
  courses(first: 2, filter: $filter) {
    nodes {
      title
      rating
      reviewCount
      announcements(first: 2) { nodes { title publishAt authorName } }
      threads(first: 3) { nodes { title isPinned authorName postCount answer { body authorName isStaff } } }
    }
  }
}
`,
    variables: () => ({ filter: { isEnrolled: true }, first: 5 }),
  },
  {
    document: /* GraphQL */ `# A teacher's evening: the work that waits, the longest first, and a course's grade book. Sign in as instructor@alpha.example.
# Grading one of them, with the version that you have read, as a further document (with a rubric: rubricScores in place of points):
#   mutation { gradeSubmission(input: { id: "submission_…", version: 1, points: 17, feedback: "Well seen" }) { status percent } }
# Where grades are held, nobody sees one before:
#   mutation { releaseGrades(assignmentId: "assignment_…") { releasedAt } }
query Grading($statuses: [SubmissionStatus!], $orderBy: SubmissionOrder, $filter: CourseFilter) {
  submissions(first: 5, filter: { statuses: $statuses }, orderBy: $orderBy) {
    totalCount
    nodes {
      id
      version
      user { name }
      submittedAt
      isLate
      penaltyPercent
      text
      files { name }
      assignment {
        id
        points
        dueAt
        rubric { id title points }
        lesson { title course { title } }
      }
    }
  }
  courses(first: 1, filter: $filter, orderBy: { field: CREATED_AT, direction: DESC }) {
    nodes {
      title
      gradeBook(first: 10, orderBy: { field: FINAL_GRADE, direction: DESC }) {
        nodes {
          enrollment { user { name } status }
          currentGrade
          finalGrade
          grades { lesson { title } percent isLate isMissing isReleased }
        }
      }
    }
  }
}
`,
    variables: () => ({
      statuses: ['SUBMITTED'],
      orderBy: { field: 'SUBMITTED_AT', direction: 'ASC' },
      filter: { tag: 'beginners' },
    }),
  },
  {
    document: /* GraphQL */ `# The people of the school and the roles they can hold. Needs USER_READ and ROLE_READ.
query People($first: Int, $filter: UserFilter) {
  users(first: $first, filter: $filter, orderBy: { field: NAME, direction: ASC }) {
    totalCount
    nodes {
      id
      name
      email
      status
      roles { name }
      enrollments(first: 3) {
        totalCount
        nodes {
          progress
          course { title }
        }
      }
    }
  }
  roles { key name isSystem permissions }
}
`,
    variables: () => ({ first: 5, filter: { statuses: ['ACTIVE'] } }),
  },
  {
    document: /* GraphQL */ `# What somebody may do, and why: by which roles and until when, and what they were granted or denied themselves.
# mutation { grantRole(input: { userIds: ["user_…"], roleKey: "VIEWER", until: "2030-01-01T00:00:00Z" }) { id } } gives a role until a date.
query Rights($first: Int, $filter: UserFilter, $roleKey: String) {
  users(first: $first, filter: $filter) {
    nodes {
      name
      roleAssignments {
        role { name }
        until
        grantedBy { name }
      }
      permissionGrants
      permissionDenies
      effectivePermissions(roleKey: $roleKey) {
        permission
        isHeld
        viaRoles { key }
        isGranted
        isDenied
      }
    }
  }
  roles { key manages { key } }
}
`,
    variables: () => ({ first: 2, filter: { roleKeys: ['VIEWER'] }, roleKey: null }),
  },
  {
    document: /* GraphQL */ `# Cohorts with their members and courses.
query Groups {
  groups(first: 5, orderBy: { field: NAME, direction: ASC }) {
    totalCount
    nodes {
      id
      name
      description
      capacity
      autoEnroll
      memberCount
      members(first: 5) {
        edges {
          isLeader
          joinedAt
          node { name }
        }
      }
      courses(first: 5) {
        nodes { title }
      }
    }
  }
}
`,
  },
  {
    document: /* GraphQL */ `# This week: what is booked, and where an instructor is still free.
query Week($from: DateTime!, $to: DateTime!, $timeZone: String) {
  calendar(from: $from, to: $to, timeZone: $timeZone) {
    days {
      date
      bookings {
        startsAt
        endsAt
        status
        student { name }
        instructor { name }
        course { title }
      }
      free {
        startsAt
        endsAt
        instructor { name }
      }
      busy {
        startsAt
        endsAt
        instructor { name }
      }
    }
  }
}
`,
    variables: ({ now }) => ({ ...week(now), timeZone: Intl.DateTimeFormat().resolvedOptions().timeZone }),
  },
  {
    document: /* GraphQL */ `# When instructors and things are open week by week, what is taken off, and what could be booked a week from now. A manager may add to it:
#   mutation { createTimeOff(input: { resourceId: "resource_…", startsAt: "2030-01-07T08:00:00Z", endsAt: "2030-01-08T08:00:00Z", reason: "Inspection" }) { bookings { totalCount } } }
query Hours($first: Int, $free: ResourceFilter) {
  availabilityRules(first: $first) {
    nodes {
      instructor { name }
      resource { name }
      weekdays
      from
      until
      timeZone
      validUntil
    }
  }
  timeOffs(first: $first) {
    nodes {
      instructor { name }
      resource { name }
      startsAt
      endsAt
      reason
      bookings(first: 5) { totalCount }
    }
  }
  resources(first: $first, filter: $free) {
    nodes { name kind mode location setupMinutes teardownMinutes rules { weekdays from until } }
  }
}
`,
    variables: ({ now }) => ({ first: 10, free: { freeFrom: slot(now).startsAt, freeTo: slot(now).endsAt } }),
  },
  {
    document: /* GraphQL */ `# Calendars elsewhere: addresses that read your bookings, calendars that keep you from teaching, and bookings as files. Make an address (it is shown once):
#   mutation { createCalendarFeed(input: { name: "My phone" }) { url hint } }
# Bring a calendar along (needs AVAILABILITY_MANAGE):
#   mutation { createBusySource(input: { name: "Private", url: "https://calendar.example.org/me.ics" }) { id state } }
query Calendars($from: DateTime!, $to: DateTime!) {
  calendarFeeds { name scope detail hint lastReadAt }
  busySources {
    name
    host
    state
    error
    blockCount
    warningCount
    lastFetchedAt
    nextFetchAt
    instructor { name }
    blocks(from: $from, to: $to) { startsAt endsAt }
  }
  bookings(first: 2) {
    nodes { startsAt status ics }
  }
}
`,
    variables: ({ now }) => week(now),
  },
  {
    document: /* GraphQL */ `# What learners can book without being answered one by one. The next three tabs take an id from here.
query BookingTypes($first: Int) {
  bookingTypes(first: $first) {
    nodes {
      id
      name
      durations
      slotStepMinutes
      bufferBeforeMinutes
      bufferAfterMinutes
      strategy
      needsApproval
      seats
      instructors { weight instructor { name } }
      requirements { name resources { name } }
      limits { perLearner perInstructorPerDay }
      viewerEligibility { isMet message }
    }
  }
}
`,
    variables: () => ({ first: 10 }),
  },
  {
    document: /* GraphQL */ `# Find a slot: every start that you can book now, and why a day has none.
query FindSlot($bookingTypeId: ID!, $from: DateTime!, $to: DateTime!) {
  slots(bookingTypeId: $bookingTypeId, from: $from, to: $to) {
    timeZone
    durationMinutes
    days {
      date
      emptyBecause
      slots { startsAt endsAt instructorCount instructors(first: 1) { name } resources(first: 2) { name } needsApproval }
    }
  }
}
`,
    variables: ({ now, demo }) => ({ bookingTypeId: demo ? DEMO_TYPE : 'bookingtype_…', ...week(now) }),
  },
  {
    document: /* GraphQL */ `# Why not: every rule, and everybody who could take it.
query ExplainSlot($bookingTypeId: ID!, $startsAt: DateTime!) {
  explainSlot(bookingTypeId: $bookingTypeId, startsAt: $startsAt) {
    isBookable
    reason
    checks { reason isMet }
    candidates { instructor { name } resource { name } isFree reason }
    eligibility { isMet message }
  }
}
`,
    variables: ({ now, demo }) => ({ bookingTypeId: demo ? DEMO_TYPE : 'bookingtype_…', startsAt: slot(now).startsAt }),
  },
  {
    document: /* GraphQL */ `# Hold it for some minutes, so that nobody else books it meanwhile. Then book it, with the id that comes back:
#   mutation { bookSlot(input: { bookingTypeId: "…", startsAt: "…", holdId: "hold_…" }) { status instructor { name } assignment { reason } } }
mutation HoldSlot($input: HoldSlotInput!) {
  holdSlot(input: $input) {
    id
    startsAt
    endsAt
    expiresAt
    instructor { name }
    resources { name }
  }
}
`,
    variables: ({ now, demo }) => ({ input: { bookingTypeId: demo ? DEMO_TYPE : 'bookingtype_…', startsAt: midweek(now) } }),
  },
  {
    document: /* GraphQL */ `# Sessions with several seats, who has one (of whom you may see), and who waits. joinWaitlist waits for a seat of one that is full.
query Sessions($first: Int, $filter: GroupSessionFilter) {
  groupSessions(first: $first, filter: $filter) {
    nodes {
      id
      startsAt
      bookingType { name }
      instructor { name }
      resources { name }
      seats
      seatsTaken
      waitlistCount
      bookings(first: 6) { nodes { student { name } status } }
    }
  }
  waitlistEntries(first: $first) {
    nodes { id status position learner { name } groupSession { startsAt } offer { startsAt expiresAt } }
  }
}
`,
    variables: ({ now }) => ({ first: 10, filter: { from: now.toISOString(), statuses: ['SCHEDULED'] } }),
  },
  {
    document: /* GraphQL */ `# The series of bookings. seriesPreview says what bookSeries would meet, for instance with FREQ=WEEKLY;COUNT=10;
# with onClash REFUSE nothing is booked where some clash, with SKIP the others are.
query Series($first: Int) {
  bookings(first: $first, orderBy: { field: STARTS_AT, direction: DESC }) {
    nodes {
      startsAt
      status
      series {
        id
        recurrence
        timeZone
        skipped { startsAt reason }
        bookings(first: 10) { nodes { startsAt status instructor { name } } }
      }
    }
  }
}
`,
    variables: () => ({ first: 5 }),
  },
  {
    document: /* GraphQL */ `# What became of bookings, until when their learners may cancel or move them, and who was chosen why.
# confirmBooking, recordBookingOutcome and rescheduleBooking take them on.
query Outcomes($first: Int, $filter: BookingFilter) {
  bookings(first: $first, filter: $filter, orderBy: { field: STARTS_AT, direction: DESC }) {
    totalCount
    nodes {
      id
      startsAt
      status
      outcome
      minutesLate
      rescheduleCount
      cancelledAt
      isLateCancel
      cancelUntil
      rescheduleUntil
      escalatedAt
      student { name }
      cancelledBy { name }
    }
  }
  dashboard { pendingBookings escalatedBookings }
}
`,
    variables: () => ({ first: 10, filter: { outcomes: ['LATE', 'NO_SHOW', 'INSTRUCTOR_NO_SHOW'] } }),
  },
  {
    document: /* GraphQL */ `# Bookings, and to which states the person who asks may move each of them.
query Bookings($first: Int, $filter: BookingFilter) {
  bookings(first: $first, filter: $filter, orderBy: { field: STARTS_AT, direction: DESC }) {
    totalCount
    nodes {
      id
      startsAt
      endsAt
      status
      allowedTransitions
      notes
      student { name }
      requestedInstructor { name }
      instructor { name }
      course { title }
    }
  }
}
`,
    variables: () => ({ first: 10, filter: { statuses: ['REQUESTED', 'APPROVED', 'ASSIGNED'] } }),
  },
  {
    document: /* GraphQL */ `# A slot a week from today. The booking starts as REQUESTED; approveBooking and assignBooking take it on.
mutation BookASlot($input: RequestBookingInput!) {
  requestBooking(input: $input) {
    id
    startsAt
    endsAt
    status
    allowedTransitions
    student { name }
  }
}
`,
    variables: ({ now }) => ({ input: { ...slot(now), notes: 'Circuits, if the weather holds' } }),
  },
  {
    document: /* GraphQL */ `# Bookings as they change, by a WebSocket, until the square stops it. In another window make or move one.
subscription Listen {
  bookingChanged {
    id
    startsAt
    endsAt
    status
    student { name }
    instructor { name }
  }
}
`,
  },
  {
    document: /* GraphQL */ `# What the person who asks was told, the latest first. Their mails say the same.
query Notifications($first: Int) {
  unreadNotificationCount
  notifications(first: $first) {
    nodes {
      id
      kind
      title
      body
      count
      isRead
      updatedAt
      actor { name }
      subject { id }
    }
  }
  notificationSettings {
    digestHour
    preferences { kind inApp email isEssential }
  }
}
`,
    variables: () => ({ first: 10 }),
  },
  {
    document: /* GraphQL */ `# What the person who asks is told, as it happens, by a WebSocket. With \`since\` what was missed comes first.
subscription ListenToNotifications($since: DateTime) {
  notificationAdded(since: $since) {
    id
    kind
    title
    count
    updatedAt
  }
}
`,
    variables: () => ({ since: null }),
  },
  {
    document: /* GraphQL */ `# The page that a person lands on after signing in.
query Dashboard {
  dashboard {
    viewer {
      user { name }
      activeRole { name }
    }
    pendingBookings
    enrollments(first: 5) {
      nodes {
        status
        progress
        course { title }
      }
    }
    upcomingBookings(first: 5) {
      nodes {
        startsAt
        endsAt
        status
        instructor { name }
      }
    }
  }
}
`,
  },
  {
    document: /* GraphQL */ `# One query is one snapshot: these totals agree with each other. Needs REPORT_READ.
query Reports {
  reports {
    overview {
      users
      courses
      publishedCourses
      groups
      enrollments
      completedEnrollments
      bookings
    }
    enrollmentsByStatus { status count }
    courseProgress(first: 5) {
      course { title }
      enrollments
      averageProgress
      completionRate
    }
    bookingsByStatus { status count }
    bookingsPerDay { date count }
    bookingTypeStats(first: 5) { bookingType { name } bookings noShowRate medianLeadHours }
    bookingOutcomes { outcome count }
    resourceUtilisation(first: 5) { resource { name } openHours bookedHours }
    instructorUtilisation(first: 5) {
      instructor { name }
      availableHours
      bookedHours
    }
  }
}
`,
  },
  {
    document: /* GraphQL */ `# Who changed what, and what was refused. Needs AUDIT_READ.
query AuditLog($first: Int, $filter: AuditFilter) {
  auditLog(first: $first, filter: $filter) {
    nodes {
      at
      operation
      outcome
      resource
      resourceId
      before
      after
      correlationId
      actor { name }
    }
  }
}
`,
    variables: () => ({ first: 10, filter: {} }),
  },
  {
    document: /* GraphQL */ `# Somebody who is new: the answer is true, whoever that is. publicTenant(slug) says whom a school lets in.
# The mail lies in the school's outbox: sign in as its administrator, and read the token in the tab Outbox (text).
mutation SignUp($input: RequestSignUpInput!) {
  requestSignUp(input: $input)
}
`,
    variables: () => ({
      input: {
        tenant: 'alpha-flight-school',
        email: 'new.pilot@mail.example',
        name: 'Nina Pilot',
        roleKey: 'LEARNER',
        message: 'I want to fly.',
      },
    }),
  },
  {
    document: /* GraphQL */ `# The link of that mail, confirmed: put in what stands behind token=, and a password.
# linkPreview(token) says what it would do, and spends nothing.
mutation ConfirmSignUp($input: ConfirmSignUpInput!) {
  confirmSignUp(input: $input) { state tenant }
}
`,
    variables: () => ({ input: { token: '', password: '' } }),
  },
  {
    document: /* GraphQL */ `# Who wants to come in. approveSignUp(input: { id: "signup_…" }) makes the person, rejectSignUp does not; both are mailed.
# Needs USER_ADMIT, which reaches the roles below your own.
query SignUps($first: Int, $filter: SignUpRequestFilter) {
  signUpRequests(first: $first, filter: $filter) {
    totalCount
    nodes {
      id
      name
      email
      message
      state
      role { name }
      note
      createdAt
    }
  }
}
`,
    variables: () => ({ first: 10, filter: {} }),
  },
  {
    document: /* GraphQL */ `# A file in three steps. First this: it reserves the room, and answers where the bytes go. Needs FILE_UPLOAD.
#   printf 'hello world!' | curl -T - -H 'content-length: 12' -H 'content-type: text/plain' 'URL'
# sends them, and then
#   mutation { completeUpload(id: "upload_…") { name download(inline: true) { url } } }
# makes them a file, whose url opens in the browser.
mutation UploadFile($input: CreateUploadInput!) {
  createUpload(input: $input) {
    id
    status
    method
    url
    headers { name value }
    expiresAt
  }
}
`,
    variables: () => ({
      input: {
        name: 'hello.txt',
        contentType: 'text/plain',
        size: 12,
        sha256: '7509e5bda0c762d2bac7f90d758b5b2263fa01ccbc542ab5e3df163be08e6ca9',
      },
    }),
  },
  {
    document: /* GraphQL */ `# The files that you may see. Open a url in the browser: it needs no sign-in, and holds for five minutes.
query Files($first: Int, $filter: FileFilter, $orderBy: FileOrder) {
  files(first: $first, filter: $filter, orderBy: $orderBy) {
    totalCount
    nodes {
      name
      contentType
      size
      folder
      visibility
      owner { name }
      audience { users { name } groups { name } courses { title } }
      download(inline: true) { url expiresAt }
      publicUrl
    }
  }
}
`,
    variables: () => ({ first: 10, filter: {}, orderBy: { field: 'NAME', direction: 'ASC' } }),
  },
  {
    document: /* GraphQL */ `# Imports a sheet of people, and changes nothing: it only says what it would do. The demo's file has three wrong lines.
#   query { importRuns(first: 1) { nodes { state issues { nodes { line column reason message } } } } }
# shows how it went. Needs ROSTER_MANAGE.
mutation ImportRoster($input: StartImportInput!) {
  startImport(input: $input) {
    id
    state
    dryRun
    progress
    file { name }
    counts { entity created updated unchanged removed rejected }
    issues { nodes { file line column severity reason message sourcedId } }
  }
}
`,
    variables: ({ demo }) => ({
      input: { fileId: demo ? 'file_01jpf5ajhpe7m8hm0rqkba77mq' : '', format: 'USERS_CSV', dryRun: true },
    }),
  },
  {
    document: /* GraphQL */ `# A report as a file of yours, and the latest ones. Needs REPORT_READ.
mutation ExportReport($input: ExportReportInput!) {
  exportReport(input: $input) { id name state from to }
}
`,
    variables: () => ({ input: { dataset: 'ENROLLMENTS' } }),
  },
  {
    document: /* GraphQL */ `# A second factor: put otpauthUri into an app as a QR code, then turn it on with confirmSecondFactor(input: { code: "123456" }).
# From then on login takes a code of it as secondFactor. Nothing is on before.
mutation SecondFactor($input: BeginSecondFactorInput!) {
  beginSecondFactor(input: $input) { secret otpauthUri expiresAt }
}
`,
    variables: ({ demo }) => ({ input: { password: demo ? 'lectern-demo' : '' } }),
  },
  {
    document: /* GraphQL */ `# Where you are signed in, and what is asked of you. endSignIn(id: …) ends one of them from here.
query SignIns($first: Int, $filter: SignInFilter) {
  viewer { hasPassword hasSecondFactor secondFactorDue recoveryCodesLeft signIn { id } }
  signIns(first: $first, filter: $filter) {
    totalCount
    nodes {
      id
      method
      userAgent
      address
      isCurrent
      createdAt
      lastUsedAt
      endedAt
      endReason
    }
  }
}
`,
    variables: () => ({ first: 10, filter: { isLive: true } }),
  },
  {
    document: /* GraphQL */ `# A key for a program: put the secret that comes back behind "Bearer " in another tab, and ask who that is. Needs API_KEY_CREATE.
mutation ApiKey($input: CreateApiKeyInput!) {
  createApiKey(input: $input) {
    secret
    apiKey { id name permissions isReadOnly hint expiresAt role { key } }
  }
}
`,
    variables: () => ({ input: { name: 'Departure board', permissions: ['COURSE_READ', 'USER_READ'] } }),
  },
  {
    document: /* GraphQL */ `# People sign in with accounts that they have elsewhere: a provider of OpenID Connect, switched off until it knows this school. Needs TENANT_MANAGE.
mutation SignInProvider($input: CreateSignInProviderInput!) {
  createSignInProvider(input: $input) {
    id
    key
    name
    issuer
    hasClientSecret
    redirectUris
    emailDomains
    roleKey
    isEnabled
  }
}
`,
    variables: () => ({
      input: {
        key: 'campus',
        name: 'Campus',
        issuer: 'https://login.campus.example',
        clientId: 'lectern',
        redirectUris: ['https://app.campus.example/signed-in'],
        emailDomains: ['campus.example'],
        roleKey: 'LEARNER',
        isEnabled: false,
      },
    }),
  },
  {
    document: /* GraphQL */ `# The mails that the school has sent, and what became of them. Needs OUTBOX_READ. Change your password, and look again.
query Outbox($first: Int, $filter: OutboxFilter) {
  outbox(first: $first, filter: $filter) {
    totalCount
    nodes {
      to
      subject
      state
      error
      text
      locale
      createdAt
      sentAt
      user { name emailState }
    }
  }
}
`,
    variables: () => ({ first: 10, filter: {} }),
  },
  {
    document: /* GraphQL */ `# What happens outside of requests: what waits, what failed and why. retryJob runs a dead one anew. Needs JOB_MANAGE.
query Jobs($first: Int, $filter: JobFilter) {
  jobsByState { state count }
  jobs(first: $first, filter: $filter) {
    nodes {
      id
      kind
      state
      attempts
      maxAttempts
      runAt
      finishedAt
      lastError
      subjectId
      correlationId
    }
  }
}
`,
    variables: () => ({ first: 10, filter: { states: ['DEAD', 'QUEUED', 'SUCCEEDED'] } }),
  },
  {
    document: /* GraphQL */ `# Which other systems are told of what happens, and whether it arrived. redeliverWebhook tries one anew. Needs WEBHOOK_MANAGE.
query Webhooks($filter: WebhookDeliveryFilter) {
  webhookEventTypes { name description }
  webhookEndpoints {
    nodes {
      id
      url
      description
      eventTypes
      state
      lastDeliveredAt
      deliveries(first: 5, filter: $filter) {
        totalCount
        nodes {
          id
          eventType
          state
          payload
          attempts { at status durationMs error }
        }
      }
    }
  }
}
`,
    variables: () => ({ filter: { states: ['FAILED', 'DELIVERED'] } }),
  },
  {
    document: /* GraphQL */ `# What comes of a mutation, before it is done: an operation whose name begins with Rehearse is sent with the extension dryRun.
# It is answered as it would be, and taken back.
mutation RehearseCourse($input: CreateCourseInput!) {
  createCourse(input: $input) {
    id
    title
    status
    createdAt
  }
}
`,
    variables: () => ({ input: { title: 'Night flying' } }),
  },
  {
    document: /* GraphQL */ `# See what somebody sees who holds less than you, and change nothing: put the id of a person into userId, and the accessToken that is
# answered behind "Bearer " in the header pane of another tab. They are told, with the reason. Needs USER_VIEW_AS.
mutation SeeAs($input: StartViewAsInput!) {
  startViewAs(input: $input) {
    accessToken
    accessTokenExpiresAt
    user { name }
    role { name }
  }
}
`,
    variables: ({ demo }) => ({ input: { userId: demo ? 'user_01jpgxr2d6f2ardd8m7h4vbsmg' : '', reason: 'A course is missing from their list' } }),
  },
  {
    document: /* GraphQL */ `# Exports of all that the school has; exportTenant asks for one. Needs TENANT_EXPORT.
query Leaving($first: Int) {
  tenantExports(first: $first) {
    nodes {
      id
      state
      rows
      files
      sha256
      tables { name rows sha256 }
      file { name size download { url expiresAt } }
      expiresAt
      error
    }
  }
}
`,
    variables: () => ({ first: 5 }),
  },
  {
    document: /* GraphQL */ `# What a school sells places in: what is asked, what it costs, and how full it is.
query Programs($filter: ProgramFilter) {
  programs(first: 5, filter: $filter) {
    totalCount
    nodes {
      id
      name
      kind
      status
      startsAt
      endsAt
      isOpen
      capacity
      placesTaken
      waitlistCount
      applicationFee { amount currency }
      form { version fields { key label type required options } }
      products { name kind availability prices { amount currency } }
      viewerApplication { status }
    }
  }
}
`,
    variables: () => ({ filter: { statuses: ['ACTIVE', 'ENDED'] } }),
  },
  {
    document: /* GraphQL */ `# Who applies, with whom, and how it stands. Reviewers see the programs that name them, applicants their own.
query Applications($filter: ApplicationFilter) {
  applications(first: 10, filter: $filter) {
    totalCount
    nodes {
      id
      status
      allowedTransitions
      applicant { name }
      program { name }
      answers
      attendees { name kind checkedInAt grants { state course { title } } }
      waitlistPosition
      offerExpiresAt
      reviewSummary { score outstanding { name } }
      credit { amount currency }
      events { at from to message }
    }
  }
}
`,
    variables: () => ({ filter: { statuses: ['IN_REVIEW', 'WAITLISTED', 'ACCEPTED'] } }),
  },
  {
    document: /* GraphQL */ `# The latest orders: what was bought at which price, how it was paid, and what went back.
query Orders {
  orders(first: 10) {
    totalCount
    nodes {
      reference
      kind
      status
      buyer { name }
      lines { name quantity unitPrice { amount } discount { amount } tax { amount } total { amount } tickets { status code } }
      discount { source label amount { amount } }
      total { amount currency }
      due { amount }
      payments { provider status amount { amount } attention }
      refunds { status amount { amount } reason }
      invoices { code kind file { download { url } } }
    }
  }
}
`,
  },
  {
    document: /* GraphQL */ `# What programs bring in, added up from the ledger in one snapshot; "reconciled" adds up everything else and compares.
query Commerce {
  reports {
    commerce {
      totals { currency orders sales discounts refunds revenue tax received outstanding creditBalance averageOrder }
      revenueByProduct { name kind quantity revenue { amount currency } }
      revenuePerDay { date orders revenue { amount currency } }
      funnel { started submitted inReview waitlisted accepted rejected withdrawn paid checkedIn }
      coupons(first: 5) { coupon { code } uses discounts { amount } revenue { amount } }
      attendance { tickets checkedIn rate }
      accounts { account balance { amount currency } }
      reconciled
    }
  }
}
`,
  },
  {
    document: /* GraphQL */ `# What was scanned at doors, also in vain. A door without network keeps the hashes of checkInRoster.
query Door($filter: CheckInFilter) {
  checkIns(first: 10, filter: $filter) {
    totalCount
    nodes { outcome attendeeName productName station scannedAt firstScannedAt by { name } }
  }
}
`,
    variables: () => ({ filter: {} }),
  },
  {
    document: /* GraphQL */ `# Projects, agents and your own conversations. What you say to an agent is nobody else's to read.
query Assistants($first: Int) {
  assistantPolicy { isConfigured viewerMayUse models { name } silentDuringQuizzes }
  projects(first: $first) { nodes { name viewerRole memberCount owner { name } agents { nodes { name } } } }
  agents(first: $first) { nodes { id name kind isActive project { name } tools starters } }
  conversations(first: $first) {
    nodes {
      id
      title
      agent { name }
      messageCount
      messages(last: 2) {
        nodes { role content rating siblings { id } toolMessages { tool outcome } citations { marker isCited title quote } }
      }
    }
  }
}
`,
    variables: () => ({ first: 5 }),
  },
  {
    document: /* GraphQL */ `# Documents, found among those that you may read.
query FindDocuments($words: String!) {
  documentSearch(query: $words) { score page heading text document { title project { name } } }
}
`,
    variables: () => ({ words: 'crosswind' }),
  },
  {
    document: /* GraphQL */ `# A conversation with an agent. What is asked in it, sendMessage answers as it is begun: listen to that (ListenToAnswer).
mutation StartConversation($input: CreateConversationInput!) {
  createConversation(input: $input) { id agent { name starters } owner { name } }
}
`,
    variables: ({ demo }) => ({ input: { agentId: demo ? DEMO_AGENT : 'agent_…' } }),
  },
  {
    document: /* GraphQL */ `# Asks an agent. The operator names an endpoint of a model (LECTERN_ASSISTANT_URL); without one it is UNAVAILABLE.
mutation Ask($input: SendMessageInput!) {
  sendMessage(input: $input) { id state conversation { id title } parent { content } }
}
`,
    variables: ({ now, demo }) => ({
      input: { conversationId: demo ? DEMO_CONVERSATION : 'conversation_…', text: 'Where do I begin?', clientMessageId: `graphiql-${now.getTime()}` },
    }),
  },
  {
    document: /* GraphQL */ `# An answer as it comes, from its beginning or after a cursor; one that is finished is told the same way.
subscription ListenToAnswer($messageId: ID!, $after: String) {
  messageStream(messageId: $messageId, after: $after) { kind cursor delta message { id state content } }
}
`,
    variables: ({ demo }) => ({ messageId: demo ? DEMO_ANSWER : 'message_…', after: null }),
  },
]

/**
 * What is sent of an operation: as a rehearsal where its name says so, for the page has no pane for extensions.
 * @template {{ operationName?: string | null | undefined }} Params
 * @param {Params} params
 * @returns {Params}
 */
export function sent(params) {
  return /^Rehearse[A-Z]/.test(params.operationName ?? '') ? { ...params, extensions: { dryRun: true } } : params
}

/**
 * The samples as GraphiQL takes them.
 * @param {Moment} moment
 */
export function tabs(moment) {
  return samples.map(({ document, variables }) => ({
    query: document,
    variables: variables ? JSON.stringify(variables(moment), null, 2) : '',
    headers: HEADERS,
  }))
}

/**
 * Monday to Monday around a moment, as the clock on the wall beside the reader has it.
 * @param {Date} now
 */
export function week(now) {
  const monday = now.getDate() - ((now.getDay() + 6) % 7)
  const midnight = (/** @type {number} */ day) => new Date(now.getFullYear(), now.getMonth(), day).toISOString()
  return { from: midnight(monday), to: midnight(monday + 7) }
}

/** @param {Date} now */
function slot(now) {
  const at = (/** @type {number} */ hour) =>
    new Date(now.getFullYear(), now.getMonth(), now.getDate() + 7, hour).toISOString()
  return { startsAt: at(10), endsAt: at(11) }
}

/**
 * A Wednesday within the next two weeks, half past four in the afternoon of UTC: in the middle of a morning of the demo's flight school.
 * @param {Date} now
 */
function midweek(now) {
  const days = 2 + ((10 - 2 - now.getUTCDay()) % 7)
  return new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate() + days, 16, 30)).toISOString()
}
