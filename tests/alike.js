// Whether the time of an answer tells who exists: each question about an account that there is, about a person whom the school does not know, and
// about a school that there is not, in turns and in random order. Prints the table of SECURITY.md.
//   LECTERN_RATE_SIGN_INS_PER_ACCOUNT=0 LECTERN_RATE_SIGN_INS_PER_ADDRESS=0 LECTERN_RATE_SIGN_INS_PER_KNOWN_ADDRESS=0 LECTERN_RATE_CODES_PER_ACCOUNT=0 \
//   LECTERN_RATE_CODES_PER_ADDRESS=0 LECTERN_RATE_MAILS_PER_ACCOUNT=0 LECTERN_RATE_MAILS_PER_ADDRESS=0 LECTERN_RATE_COST=0 \
//   tests/with-service node tests/alike.js [ROUNDS]

const base = process.argv.at(-1)
const rounds = Number(process.argv.length > 3 ? process.argv[2] : 300)

const WHO = [
  { tenant: 'alpha', email: 'learner@alpha.example' },
  { tenant: 'alpha', email: 'nobody@alpha.example' },
  { tenant: 'nowhere', email: 'learner@alpha.example' },
]

const QUESTIONS = {
  login: ['login', 'LoginInput', '{ accessToken }', { password: 'not the password of anybody' }],
  requestPasswordReset: ['requestPasswordReset', 'RequestPasswordResetInput', '', {}],
  requestSignInCode: ['requestSignInCode', 'RequestSignInCodeInput', '', {}],
  requestSignUp: ['requestSignUp', 'RequestSignUpInput', '', { name: 'Somebody', roleKey: 'LEARNER' }],
  signInWithCode: ['signInWithCode', 'SignInWithCodeInput', '{ accessToken }', { code: '000000' }],
}

async function ask([field, type, selection, more], who) {
  const query = `mutation($i: ${type}!) { ${field}(input: $i) ${selection} }`
  const body = JSON.stringify({ query, variables: { i: { ...who, ...more } } })
  const began = process.hrtime.bigint()
  const answer = await fetch(`${base}/graphql`, { method: 'POST', headers: { 'content-type': 'application/json', 'x-correlation-id': 'the-same' }, body })
  const text = await answer.text()
  return { took: Number(process.hrtime.bigint() - began) / 1e6, text: `${answer.status} ${text}` }
}

// Whoever is new to the demo's school gets a code, and a learner none: four of its five tries are used until it gets another.
async function mailCodes() {
  for (const who of WHO) await ask(QUESTIONS.requestSignInCode, who)
  await new Promise((resolve) => setTimeout(resolve, 1000))
}

const at = (sorted, share) => sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))]

// How often one of the first takes longer than one of the second: 0.5 where nothing can be told.
function longer(first, second) {
  let more = 0
  for (const one of first) for (const other of second) more += one > other ? 1 : one === other ? 0.5 : 0
  return more / (first.length * second.length)
}

function shuffled(list) {
  for (let last = list.length - 1; last > 0; last--) {
    const other = Math.floor(Math.random() * (last + 1))
    ;[list[last], list[other]] = [list[other], list[last]]
  }
  return list
}

console.log('| asked | there is such a person | no such person | no such school | told apart: person | school |')
console.log('| --- | --- | --- | --- | --- | --- |')
let wrong = 0
for (const [name, question] of Object.entries(QUESTIONS)) {
  const times = WHO.map(() => [])
  const answers = new Set()
  for (let round = -20; round < rounds; round++) {
    if (name === 'signInWithCode' && round % 4 === 0) await mailCodes()
    for (const place of shuffled([0, 1, 2])) {
      const { took, text } = await ask(question, WHO[place])
      answers.add(text)
      if (round >= 0) times[place].push(took)
    }
  }
  if (answers.size !== 1) {
    wrong++
    console.error(`${name} is answered in ${answers.size} ways:`, [...answers])
  }
  const sorted = times.map((list) => [...list].sort((a, b) => a - b))
  const cells = sorted.map((list) => `${at(list, 0.5).toFixed(2)} (${at(list, 0.1).toFixed(2)} to ${at(list, 0.9).toFixed(2)})`)
  console.log(`| \`${name}\` | ${cells.join(' | ')} | ${longer(times[0], times[1]).toFixed(2)} | ${longer(times[0], times[2]).toFixed(2)} |`)
}
process.exit(wrong ? 1 : 0)
