import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'

const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
const TIMEOUT_MS = 30_000

/**
 * A browser at the given server, or null where there is no Chromium.
 * @param {string} base
 */
export async function open(base) {
  const known = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']
  const executablePath = process.env.CHROMIUM ?? known.find((path) => existsSync(path))
  if (!executablePath) return null
  const browser = await chromium.launch({ executablePath, args: FLAGS })
  const page = await browser.newPage({ baseURL: base, viewport: { width: 1440, height: 900 } })
  page.setDefaultTimeout(TIMEOUT_MS)
  return new GraphiqlPage(browser, page, new URL(base).origin)
}

class GraphiqlPage {
  /** @type {string[]} requests to anywhere but the server */
  strangers = []
  /** @type {string[]} console errors, uncaught exceptions, refusals by the content security policy */
  complaints = []
  #browser
  #page

  /**
   * @param {import('playwright-core').Browser} browser
   * @param {import('playwright-core').Page} page
   * @param {string} origin
   */
  constructor(browser, page, origin) {
    this.#browser = browser
    this.#page = page
    page.on('request', (request) => {
      const url = new URL(request.url())
      if (!['data:', 'blob:'].includes(url.protocol) && url.origin !== origin) this.strangers.push(request.url())
    })
    page.on('websocket', (socket) => {
      if (new URL(socket.url()).host !== new URL(origin).host) this.strangers.push(socket.url())
    })
    page.on('console', (message) => {
      // The log line that Chromium writes for every 4xx answer: the API's refusals are checked by their bodies.
      const answered = message.location().url.endsWith('/graphql')
      if (message.type() === 'error' && !answered) this.complaints.push(message.text())
    })
    page.on('pageerror', (error) => this.complaints.push(String(error)))
  }

  async goto(path) {
    const response = await this.#page.goto(path)
    await this.#settled()
    return response?.status()
  }

  async reload() {
    await this.#page.reload()
    await this.#settled()
  }

  /** Editors come up after the page does, and the documentation after them. */
  async #settled() {
    await this.#page.waitForSelector('.graphiql-query-editor .view-lines .view-line')
    await this.#page.waitForSelector('.graphiql-doc-explorer-content')
  }

  /** Waits until an element with this text is there. Monaco writes its spaces as no-break ones. */
  sees(selector, text, timeout = TIMEOUT_MS) {
    return this.#page.waitForFunction(
      ([selector, text]) =>
        [...document.querySelectorAll(selector)].some((element) =>
          element.textContent.replaceAll('\u00a0', ' ').includes(text),
        ),
      [selector, text],
      { timeout },
    )
  }

  /** Waits until an element says something else. */
  losesText(selector, text) {
    return this.#page.waitForFunction(
      ([selector, text]) => document.querySelector(selector).textContent !== text,
      [selector, text],
    )
  }

  text = async (selector) => (await this.#page.locator(selector).first().textContent()) ?? ''
  tabs = () => this.#page.locator('.graphiql-tab-button').allTextContents()
  activeTab = () => this.text('.graphiql-tab-active .graphiql-tab-button')
  localStorage = () => this.#page.evaluate(() => JSON.stringify(localStorage))
  screenshot = (path) => this.#page.screenshot({ path })
  become = (email) => this.#page.selectOption('.strip select', email)
  press = (name) => this.#page.getByRole('button', { name, exact: true }).click()
  close = () => this.#browser.close()

  async readAbout(type) {
    await this.#page.locator('.graphiql-doc-explorer a', { hasText: new RegExp(`^${type}$`) }).first().click()
    await this.sees('.graphiql-doc-explorer-title', type)
  }

  async showHeaders() {
    await this.press('Headers')
    await this.#page.waitForSelector('.graphiql-editor-tool .graphiql-editor:not(.hidden)')
  }

  /** Runs the operation of a tab and returns the server's answer to it. */
  async run(tab) {
    await this.#show(tab)
    const answered = this.#page.waitForResponse(
      (response) => response.url().endsWith('/graphql') && response.request().postDataJSON()?.operationName === tab,
    )
    await this.#page.getByRole('button', { name: /^Execute/ }).click()
    return (await answered).json()
  }

  async #show(tab) {
    await this.#page.locator('.graphiql-tab-button').getByText(tab, { exact: true }).click()
    await this.sees('.graphiql-query-editor', ` ${tab}`)
  }

  /** Begins the subscription of a tab and returns what stops it: that the socket is closed then is waited for. */
  async listen(tab) {
    await this.#show(tab)
    const opened = this.#page.waitForEvent('websocket')
    await this.#page.getByRole('button', { name: /^Execute/ }).click()
    const socket = await opened
    return async () => {
      const closed = socket.waitForEvent('close')
      await this.#page.getByRole('button', { name: /^Stop/ }).click()
      await closed
    }
  }

  /** Asks the server as the person whom the page is signed in as, past GraphiQL. */
  ask(query, variables) {
    return this.#page.evaluate(
      async (body) => {
        const { accessToken } = JSON.parse(sessionStorage.getItem('lectern:session'))
        const headers = { 'content-type': 'application/json', authorization: `Bearer ${accessToken}` }
        return (await fetch('/graphql', { method: 'POST', headers, body: JSON.stringify(body) })).json()
      },
      { query, variables },
    )
  }
}
