// Looks at GraphiQL as a developer would: npm test -- <base URL> [screenshot.png]
//
// The server has to carry the demo data. The last line is "N passed, N failed", or says that it was skipped because there
// is no Chromium; under CI=true that is a failure.
import { open } from './page.js'
import { Report } from './report.js'

const [base = 'http://127.0.0.1:8080', screenshot] = process.argv.slice(2)
const report = new Report()
const page = await open(base)
if (!page) {
  const needed = process.env.CI === 'true'
  console.log(`${needed ? 'FAIL  ' : 'skipped: '}no Chromium (CHROMIUM names its path)`)
  process.exit(needed ? 1 : 0)
}

try {
  await report.check('the page opens with its tabs and the variables of the first', async () => {
    const status = await page.goto('/graphiql')
    report.equal(status, 200)
    await page.sees('.strip-status', 'Signed out')
    report.equal(await page.activeTab(), 'SignIn')
    await page.sees('.graphiql-editor-tool', 'admin@alpha.example')
  })

  // Without the page each later check would only wait for its timeout.
  if (report.failed) throw new Error(`${base} does not serve GraphiQL`)

  await report.check('the documentation is there and describes a type', async () => {
    await page.sees('.graphiql-doc-explorer', 'Query')
    await page.readAbout('Course')
    const text = await page.text('.graphiql-doc-explorer .graphiql-markdown-description')
    report.ok(text.trim().length > 10, `a description, not ${JSON.stringify(text)}`)
  })

  await report.check('the header pane waits for a token', async () => {
    await page.showHeaders()
    await page.sees('.graphiql-editor-tool', 'Bearer ')
  })

  await report.check('signed out, the catalogue is refused', async () => {
    const answer = await page.run('Catalogue')
    report.equal(answer.errors?.[0]?.extensions?.code, 'UNAUTHENTICATED')
  })

  await report.check('the sign-in tab signs in, and the strip says who', async () => {
    const answer = await page.run('SignIn')
    report.ok(answer.data?.login?.accessToken, JSON.stringify(answer.errors))
    await page.sees('.strip-status', `Signed in as ${answer.data.login.viewer.user.name}`)
  })

  await report.check('the catalogue then shows courses, without a token typed', async () => {
    const answer = await page.run('Catalogue')
    report.ok(answer.data?.courses?.nodes?.length > 0, JSON.stringify(answer.errors ?? answer.data))
    await page.sees('.result-window', '"courses"')
    if (screenshot) await page.screenshot(screenshot)
  })

  for (const tab of (await page.tabs()).filter((tab) => !['SignIn', 'Catalogue', 'Listen', 'ListenToNotifications', 'ListenToAnswer'].includes(tab))) {
    await report.check(`the sample ${tab} runs on the demo data`, async () => {
      const answer = await page.run(tab)
      // Its link comes by mail: the sample shows where to put it, and whoever runs it as it is stays signed in.
      if (tab === 'Ask') return report.equal(answer.errors[0].extensions.reason, 'ASSISTANT_NOT_CONFIGURED')
      if (tab === 'ConfirmSignUp') return report.equal(answer.errors[0].extensions.reason, 'LINK_INVALID')
      report.equal(answer.errors, undefined)
      report.ok(Object.values(answer.data).every((value) => value !== null), 'every root field has a value')
    })
  }

  await report.check('the sample Listen shows a booking that is made meanwhile, and stops', async () => {
    const stop = await page.listen('Listen')
    const request = 'mutation($input: RequestBookingInput!) { requestBooking(input: $input) { id } }'
    // Nothing says when it listens: what is made too early is made again.
    for (let day = 30, seen = false; !seen; day++) {
      report.ok(day < 50, 'no booking was shown')
      const startsAt = new Date(Date.now() + day * 86_400_000)
      const input = { startsAt, endsAt: new Date(startsAt.getTime() + 3_600_000) }
      const { id } = (await page.ask(request, { input })).data.requestBooking
      seen = await page.sees('.result-window', id, 3000).then(() => true, () => false)
    }
    await page.sees('.result-window', '"bookingChanged"')
    await page.sees('.result-window', '"REQUESTED"')
    await stop()
  })

  await report.check('the sample ListenToAnswer tells an answer to its end', async () => {
    await page.listen('ListenToAnswer')
    await page.sees('.result-window', '"END"')
  })

  await report.check('a reload keeps the person and the tabs, and nothing secret in localStorage', async () => {
    const tabs = await page.tabs()
    await page.reload()
    await page.sees('.strip-status', 'Signed in as')
    report.equal(await page.tabs(), tabs)
    report.ok(!/eyJ|lectern-demo|refresh/.test(await page.localStorage()), 'no token, no password')
  })

  await report.check('a demo account of the other school is one choice away', async () => {
    const before = await page.text('.strip-status')
    await page.become('learner@bravo.example')
    await page.losesText('.strip-status', before)
    const answer = await page.run('WhoAmI')
    report.equal(answer.data?.viewer?.user?.email, 'learner@bravo.example')
  })

  await report.check('signing out ends it', async () => {
    await page.press('Sign out')
    await page.sees('.strip-status', 'Signed out')
    const answer = await page.run('WhoAmI')
    report.equal(answer.data, { viewer: null })
  })

  await report.check('a browser at /graphql gets the page too', async () => {
    report.equal(await page.goto('/graphql'), 200)
    await page.sees('.strip', 'Lectern')
  })

  await report.check('no request left the origin', () => report.equal(page.strangers, []))
  await report.check('the console stayed clean, the content security policy held', () => report.equal(page.complaints, []))
} catch (error) {
  console.log(error.message)
} finally {
  if (screenshot && report.failed) await page.screenshot(screenshot.replace(/(\.\w+)?$/, '.failed.png'))
  await page.close()
}
report.end()
