import assert from 'node:assert/strict'

/** Counts checks, and goes on after one that failed. */
export class Report {
  passed = 0
  failed = 0

  equal = assert.deepEqual
  ok = assert.ok

  /**
   * @param {string} name
   * @param {() => unknown} body
   */
  async check(name, body) {
    try {
      await body()
      this.passed += 1
      console.log(`ok    ${name}`)
    } catch (error) {
      this.failed += 1
      console.log(`FAIL  ${name}\n      ${error.message.trim().replaceAll('\n', '\n      ')}`)
    }
  }

  end() {
    console.log(`${this.passed} passed, ${this.failed} failed`)
    process.exitCode = this.failed ? 1 : 0
  }
}
