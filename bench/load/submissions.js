// 500 people of one school hand in one quiz within a minute: `node load/submissions.js [--people 500] [--seconds 60] [--lectern PATH] [--cache FOLDER] [--out FILE]`.
//
// A teacher makes a course with a quiz of 30 questions of every kind, through the API. Each person comes at a moment of their own within the window,
// starts, saves twice (the second time they change their mind about some) and hands in; each tenth is impatient and hands in twice at once. With
// `--seconds 0` all start, and then hand in, at the same moment. Whoever is turned away for a moment comes again. Then it is proved, by the API and by SQL,
// that nothing was lost: an attempt for each that is SUBMITTED, every answer as it was last given, every score as a second implementation of the key says, and
// what follows from it. It fails where something is lost, or where the window was too short.

import { randomUUID } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { cpus } from 'node:os'
import { join, resolve } from 'node:path'
import { isDeepStrictEqual, parseArgs } from 'node:util'
import { Cluster } from '../lib/cluster.js'
import { bare, Signer } from '../lib/people.js'
import { Lectern } from '../lib/servers.js'
import { run, sleep } from '../lib/shell.js'

const ROOT = resolve(new URL('.', import.meta.url).pathname, '../..')
const QUESTIONS = 30

const { values: options } = parseArgs({
  options: {
    people: { type: 'string', default: process.env.PEOPLE ?? '500' },
    seconds: { type: 'string', default: process.env.SECONDS ?? '60' },
    lectern: { type: 'string', default: process.env.LECTERN ?? join(ROOT, 'target/release/lectern') },
    cache: { type: 'string', default: process.env.LECTERN_BENCH_CACHE ?? join(ROOT, 'bench/.cache') },
    out: { type: 'string' },
  },
})
const PEOPLE = Number(options.people)
const SECONDS = Number(options.seconds)

class Refused extends Error {
  constructor(errors) {
    super(JSON.stringify(errors))
    const { reason, code, retryAfter } = errors[0].extensions ?? {}
    Object.assign(this, { code: reason ?? code, retryAfter })
  }
}

let askedAgain = 0

/** Whoever is told that there is too much to do comes again when they are told to, as clients do. */
async function ask(server, token, query, variables) {
  for (;;) {
    const { data, errors } = await server.post(token, { query, variables })
    if (!errors) return data
    const refused = new Refused(errors)
    if (refused.code !== 'UNAVAILABLE' || !refused.retryAfter) throw refused
    askedAgain++
    await sleep(refused.retryAfter * 1000 * (1 + Math.random()))
  }
}

/** What is asked, and what is right: `right` and `wrong` are choices by their place, numbers or texts. */
function question(number) {
  const points = 1 + (number % 3)
  const prompt = `Question ${number + 1}`
  const options = ['one', 'two', 'three', 'four', 'five'].map((word) => `${word} of ${number}`)
  switch (number % 5) {
    case 0:
      return { input: { kind: 'NUMERIC', prompt, points, number: number / 4, tolerance: 0.25 }, number: number / 4, tolerance: 0.25 }
    case 1:
      return { input: { kind: 'SHORT_TEXT', prompt, points, texts: [`Answer ${number}`, 'Zürich'] }, texts: [`answer ${number}`, 'zürich'] }
    case 2:
      return { input: { kind: 'MULTIPLE', prompt, points, options, correctOptions: [0, 2, 4] }, options, right: [0, 2, 4] }
    default:
      return { input: { kind: 'SINGLE', prompt, points, options, correctOptions: [number % 5] }, options, right: [number % 5] }
  }
}

const ASKED = Array.from({ length: QUESTIONS }, (_, number) => question(number))

/** A choice that differs from person to person, and is the same in every run. */
function chosen(person, number, time) {
  let state = Math.imul(person * 31 + number, 2654435761) ^ Math.imul(time + 1, 40503)
  state = Math.imul(state ^ (state >>> 15), 2246822519)
  return ((state ^ (state >>> 13)) >>> 0) % 1000
}

/** What a person answers: nothing in one of ten. */
function answerOf(person, number, time) {
  const asked = ASKED[number]
  const chance = chosen(person, number, time)
  if (chance < 100) return {}
  if (asked.number !== undefined) return { number: asked.number + [0, 0.25, -0.25, 0.26, 7][chance % 5] }
  if (asked.texts) return { text: [asked.input.texts[0], asked.input.texts[0].toUpperCase().replace(' ', '  '), 'ZÜRICH', 'Zurich', 'no idea'][chance % 5] }
  if (asked.right.length > 1) return { places: [0, 1, 2, 3, 4].filter((place) => (chance >> place) & 1) }
  return { places: [chance % 3 ? asked.right[0] : chance % 5] }
}

/** The slow, second implementation, in hundredths: what is partly right counts in part. */
function hundredths(number, { places = [], number: given, text }) {
  const { input: { points }, right, number: wanted, tolerance, texts } = ASKED[number]
  if (wanted !== undefined) return given !== undefined && Math.abs(given - wanted) <= tolerance ? points * 100 : 0
  if (texts) return text !== undefined && texts.includes(text.toLowerCase().replace(/\s+/g, ' ').trim()) ? points * 100 : 0
  const good = places.filter((place) => right.includes(place)).length
  const bad = places.length - good
  if (right.length === 1) return good === 1 && bad === 0 ? points * 100 : 0
  return Math.max(0, Math.floor((2 * (good - bad) * points * 100 + right.length) / (2 * right.length)))
}

const MOST = ASKED.reduce((sum, { input: { points } }) => sum + points, 0)

/** What their attempt must be worth. */
function worth(person, answers) {
  const each = answers.map((answer, number) => hundredths(number, answer))
  const sum = each.reduce((one, other) => one + other, 0)
  const percent = Math.floor((2 * sum * 100 + MOST) / (2 * MOST)) / 100
  return { each: each.map((one) => one / 100), score: sum / 100, percent, isPassed: sum >= 50 * MOST }
}

async function makeQuiz(server, teacher) {
  const make = async (field, type, input) => (await ask(server, teacher, `mutation ($input: ${type}!) { ${field}(input: $input) { id } }`, { input }))[field].id
  const course = await make('createCourse', 'CreateCourseInput', { title: `Everybody at once, ${new Date().toISOString()}` })
  const section = await make('createSection', 'CreateSectionInput', { courseId: course, title: 'Examination' })
  const lesson = await make('createLesson', 'CreateLessonInput', { sectionId: section, kind: 'QUIZ', title: 'The quiz' })
  const quiz = (await ask(server, teacher, 'query ($id: ID!) { lesson(id: $id) { quiz { id } } }', { id: lesson })).lesson.quiz.id
  const settings = { id: quiz, maxAttempts: 1, timeLimitMinutes: 60, shuffleQuestions: true, shuffleOptions: true, marking: 'PARTIAL', passMark: 50 }
  await ask(server, teacher, 'mutation ($input: UpdateQuizInput!) { updateQuiz(input: $input) { id } }', { input: settings })
  for (const asked of ASKED) {
    const { createQuestion: made } = await ask(server, teacher,
      'mutation ($input: CreateQuestionInput!) { createQuestion(input: $input) { id options { id text } } }', { input: { quizId: quiz, ...asked.input } })
    asked.id = made.id
    if (asked.options) asked.optionIds = asked.options.map((text) => made.options.find((option) => option.text === text).id)
  }
  await ask(server, teacher, 'mutation ($input: UpdateLessonInput!) { updateLesson(input: $input) { id } }', { input: { id: lesson, isPublished: true } })
  await ask(server, teacher, 'mutation ($id: ID!) { publishCourse(id: $id) { id } }', { id: course })
  return { course, lesson, quiz }
}

const timings = { start: [], save: [], submit: [] }

async function timed(step, work) {
  const began = process.hrtime.bigint()
  const result = await work()
  timings[step].push(Number(process.hrtime.bigint() - began) / 1e6)
  return result
}

const SHEET = 'id status questions { questionId kind prompt points options { id text } answer { optionIds number text } score isCorrect key { optionIds } }'

function inWords(number, { places, number: given, text }) {
  const { id, optionIds } = ASKED[number]
  return { questionId: id, ...(places?.length && { optionIds: places.map((place) => optionIds[place]) }), ...(given !== undefined && { number: given }), ...(text !== undefined && { text }) }
}

const save = (server, token, attemptId, numbers, answers) =>
  ask(server, token, 'mutation ($input: SaveQuizAnswersInput!) { saveQuizAnswers(input: $input) { id status } }',
    { input: { attemptId, answers: numbers.map((number) => inWords(number, answers[number])) } })

/** Starts and saves; what is left is to hand in. */
async function work(server, { token, number: person }, quiz) {
  const { startQuizAttempt: attempt } = await timed('start', () => ask(server, token, `mutation ($id: ID!) { startQuizAttempt(quizId: $id) { ${SHEET} } }`, { id: quiz }))
  if (attempt.status !== 'IN_PROGRESS' || attempt.questions.length !== QUESTIONS) throw new Error(`person ${person} was asked ${attempt.questions.length} questions`)
  if (attempt.questions.some(({ key, score, isCorrect }) => key ?? score ?? isCorrect)) throw new Error('a key is shown')
  const all = ASKED.map((_, number) => number)
  const first = all.map((number) => answerOf(person, number, 0))
  await timed('save', () => save(server, token, attempt.id, all, first))
  // They change their mind about the odd ones.
  const answers = all.map((number) => answerOf(person, number, number % 2))
  await timed('save', () => save(server, token, attempt.id, all.filter((number) => number % 2), answers))
  return { attempt: attempt.id, answers }
}

async function handIn(server, { token, number: person }, attempt) {
  const submit = () => timed('submit', () => ask(server, token, 'mutation ($id: ID!) { submitQuizAttempt(id: $id) { id status score } }', { id: attempt }))
  const times = person % 10 === 0 ? 2 : 1
  const ended = await Promise.allSettled(Array.from({ length: times }, submit))
  const done = ended.filter(({ status }) => status === 'fulfilled')
  const refused = ended.filter(({ status }) => status === 'rejected').map(({ reason }) => reason)
  if (done.length !== 1) throw new Error(`person ${person} has handed in ${done.length} times: ${refused.join(', ')}`)
  const other = refused.find((reason) => reason.code !== 'ALREADY_SUBMITTED')
  if (other) throw new Error(`person ${person}: ${other.message}`)
  return refused.length
}

/** What was lost, in words: nothing, that is. */
class Proof {
  lost = []
  checks = 0

  same(what, found, wanted) {
    this.checks++
    if (!isDeepStrictEqual(found, wanted)) this.lost.push(`${what}: ${JSON.stringify(found)} in place of ${JSON.stringify(wanted)}`)
  }
}

const sorted = (list) => [...list].sort()
/** An answer as the API and SQL are compared by. */
const plain = (options, number, text) => ({ options: sorted((options ?? []).map(bare)), number: number ?? null, text: text ?? null })
const wantedAnswer = (number, { places = [], number: given, text }) => plain(places.map((place) => ASKED[number].optionIds[place]), given, text)

async function proveByApi(server, teacher, people, quiz, proof) {
  const found = []
  for (let after = null; ; ) {
    const { quizAttempts: page } = await ask(server, teacher, `query ($quiz: ID!, $after: String) {
      quizAttempts(first: 100, after: $after, filter: { quizId: $quiz }) { totalCount nodes { id number status score maxScore percent isPassed user { id } } pageInfo { hasNextPage endCursor } } }`,
    { quiz, after })
    proof.same('attempts, counted by the API', page.totalCount, people.length)
    found.push(...page.nodes)
    if (!page.pageInfo.hasNextPage) break
    after = page.pageInfo.endCursor
  }
  proof.same('attempts, listed by the API', found.length, people.length)
  const byId = new Map(found.map((attempt) => [attempt.id, attempt]))
  for (const person of people) {
    const { score, percent, isPassed } = person.worth
    const { id, user, ...rest } = byId.get(person.attempt) ?? {}
    proof.same(`the attempt of person ${person.number}, by the API`, rest, { number: 1, status: 'SUBMITTED', score, maxScore: MOST, percent, isPassed })
    proof.same(`whose attempt it is`, user && bare(user.id), person.user)
    const { quizAttempt: sheet } = await ask(server, teacher, 'query ($id: ID!) { quizAttempt(id: $id) { questions { questionId score answer { optionIds number text } } } }', { id: person.attempt })
    const byQuestion = new Map(sheet.questions.map((one) => [one.questionId, one]))
    for (const [number, answer] of person.answers.entries()) {
      const { score: points, answer: given } = byQuestion.get(ASKED[number].id) ?? {}
      proof.same(`person ${person.number}, question ${number}, by the API`, plain(given?.optionIds, given?.number, given?.text), wantedAnswer(number, answer))
      proof.same(`person ${person.number}, points of question ${number}, by the API`, points, person.worth.each[number])
    }
  }
}

async function proveBySql(cluster, people, { quiz, lesson, course }, proof) {
  const byPerson = new Map(people.map((person) => [person.user, person]))
  const attempts = await cluster.query('SELECT id, user_id, number, status, score, max_score, percent, is_passed, is_auto_submitted FROM quiz_attempt WHERE quiz_id = $1', [bare(quiz)])
  proof.same('attempts, by SQL', attempts.length, people.length)
  proof.same('people with an attempt, by SQL', new Set(attempts.map((one) => one.user_id)).size, people.length)
  for (const one of attempts) {
    const { worth, attempt } = byPerson.get(one.user_id)
    proof.same(`attempt ${one.id}, by SQL`, one, {
      id: bare(attempt), user_id: one.user_id, number: 1, status: 'SUBMITTED', score: worth.score, max_score: MOST, percent: worth.percent, is_passed: worth.isPassed, is_auto_submitted: false,
    })
  }
  const answers = await cluster.query(`SELECT a.user_id, h.question_id, h.answer_options, h.answer_number::float8, h.answer_text, h.score
    FROM quiz_attempt a JOIN attempt_question h ON h.tenant_id = a.tenant_id AND h.attempt_id = a.id WHERE a.quiz_id = $1`, [bare(quiz)])
  proof.same('answers, by SQL', answers.length, people.length * QUESTIONS)
  const numbers = new Map(ASKED.map(({ id }, number) => [bare(id), number]))
  for (const one of answers) {
    const person = byPerson.get(one.user_id)
    const number = numbers.get(one.question_id)
    proof.same(`person ${person.number}, question ${number}, by SQL`, plain(one.answer_options, one.answer_number, one.answer_text), wantedAnswer(number, person.answers[number]))
    proof.same(`person ${person.number}, points of question ${number}, by SQL`, one.score, person.worth.each[number])
  }
  // What follows: one entry of the history each, the grade book, and who has completed the lesson.
  const followed = await cluster.query(`SELECT e.user_id, g.percent, m.current_grade, m.final_grade, p.completed_at IS NOT NULL AS is_completed,
      (SELECT array_agg(s.score) FROM quiz_attempt a JOIN score_change s ON s.tenant_id = a.tenant_id AND s.attempt_id = a.id
       WHERE a.tenant_id = e.tenant_id AND a.user_id = e.user_id AND a.quiz_id = $3) AS scores
    FROM enrollment e
    LEFT JOIN lesson_grade g ON g.tenant_id = e.tenant_id AND g.enrollment_id = e.id AND g.lesson_id = $2
    LEFT JOIN enrollment_grade m ON m.tenant_id = e.tenant_id AND m.enrollment_id = e.id
    LEFT JOIN lesson_progress p ON p.tenant_id = e.tenant_id AND p.enrollment_id = e.id AND p.lesson_id = $2
    WHERE e.course_id = $1`, [bare(course), bare(lesson), bare(quiz)])
  proof.same('enrollments, by SQL', followed.length, people.length)
  for (const one of followed) {
    const { percent, score, isPassed } = byPerson.get(one.user_id).worth
    proof.same(`what follows for ${one.user_id}`, one,
      { user_id: one.user_id, percent, current_grade: percent, final_grade: percent, is_completed: isPassed, scores: [score] })
  }
}

/** The people of one school, with sessions as after `login`. */
async function gather(cluster, signer) {
  const client = await cluster.client()
  await client.query("SET app.audit = 'off'")
  const { rows } = await client.query(`SELECT u.tenant_id AS tenant, u.id AS user, u.token_version AS version, u.email LIKE 'admin@%' AS "isTeacher" FROM app_user u
    WHERE u.email ~ '^(admin|person[0-9]+)@scale-0001\\.' AND (u.email LIKE 'admin@%' OR EXISTS (
      SELECT FROM user_role ur JOIN role r ON r.tenant_id = ur.tenant_id AND r.id = ur.role_id WHERE ur.tenant_id = u.tenant_id AND ur.user_id = u.id AND r.key = 'LEARNER'))
    ORDER BY u.email NOT LIKE 'admin@%', u.id LIMIT $1`, [PEOPLE + 1])
  if (rows.length !== PEOPLE + 1) throw new Error(`the school has ${rows.length - 1} learners`)
  const everybody = rows.map((row) => ({ ...row, session: randomUUID() }))
  await client.query('INSERT INTO session (tenant_id, id, user_id) SELECT * FROM unnest($1::uuid[], $2::uuid[], $3::uuid[])',
    ['tenant', 'session', 'user'].map((field) => everybody.map((one) => one[field])))
  await client.end()
  for (const one of everybody) one.token = signer.token(one)
  return everybody
}

const folder = join(options.cache, 'submissions')
mkdirSync(folder, { recursive: true })
const binary = resolve(options.lectern)
const cluster = new Cluster({ folder: options.cache, scale: 1, lectern: binary, root: ROOT })
let server
try {
  await cluster.start()
  const key = run(binary, ['key']).trim()
  server = new Lectern(cluster, folder, binary, key)
  await server.start()
  const [teacher, ...people] = await gather(cluster, new Signer(key))
  for (const [number, person] of people.entries()) person.number = number
  const made = await makeQuiz(server, teacher.token)
  for (const { token } of people) await ask(server, token, 'mutation ($input: EnrollInput!) { enroll(input: $input) { id } }', { input: { courseId: made.course } })
  console.log(`${people.length} people are in; they come within ${SECONDS} s`)

  const began = Date.now()
  let refused = 0
  const come = async (person) => {
    await sleep((SECONDS * 1000 * 0.95 * person.number) / people.length)
    Object.assign(person, await work(server, person, made.quiz))
  }
  const go = async (person) => {
    const more = await handIn(server, person, person.attempt)
    refused += more
  }
  if (SECONDS > 0) {
    await Promise.all(people.map(async (person) => (await come(person), await go(person))))
  } else {
    // Nobody hands in before everybody can.
    await Promise.all(people.map(come))
    await Promise.all(people.map(go))
  }
  const seconds = (Date.now() - began) / 1000
  const turnedAway = askedAgain
  for (const person of people) person.worth = worth(person.number, person.answers)

  const proof = new Proof()
  proof.same('second clicks refused', refused, people.filter(({ number }) => number % 10 === 0).length)
  await proveByApi(server, teacher.token, people, made.quiz, proof)
  await proveBySql(cluster, people, made, proof)

  const at = (list, share) => Number(list.sort((one, other) => one - other)[Math.max(0, Math.ceil(list.length * share) - 1)].toFixed(1))
  const steps = Object.fromEntries(Object.entries(timings).map(([step, list]) => [step, { times: list.length, p50: at(list, 0.5), p95: at(list, 0.95), p99: at(list, 0.99), max: at(list, 1) }]))
  const results = {
    at: new Date().toISOString().slice(0, 10), cores: cpus().length, version: server.version, people: people.length, window: SECONDS, seconds: Number(seconds.toFixed(1)),
    milliseconds: steps, refusedAsAlreadySubmitted: refused, turnedAway, passed: people.filter((person) => person.worth.isPassed).length,
    scores: new Set(people.map((person) => person.worth.score)).size, checks: proof.checks, lost: proof.lost.length,
  }
  console.table(steps)
  console.log(`${people.length} people in ${results.seconds} s; ${refused} second clicks refused; ${turnedAway} times too much to do; ${results.passed} passed, ${results.scores} different scores`)
  console.log(proof.lost.length === 0 ? `nothing is lost, by ${proof.checks} comparisons` : `LOST, ${proof.lost.length} of ${proof.checks}:\n${proof.lost.slice(0, 20).join('\n')}`)
  if (options.out) writeFileSync(options.out, `${JSON.stringify(results, null, 2)}\n`)
  if (proof.lost.length > 0 || (SECONDS > 0 && seconds > SECONDS)) process.exitCode = 1
} catch (error) {
  console.error(`submissions: ${error.message}\nthe server's log: ${server?.log}`)
  process.exitCode = 1
} finally {
  await server?.stop()
  await cluster.stop()
}
