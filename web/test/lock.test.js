// The lock file pins what is installed and leaves open from where, so that it works behind any mirror.
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { test } from 'node:test'

const read = (name) => JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8'))

for (const folder of ['..', '../../tests/browser', '../../tests/conformance', '../../tests/day']) {
  const lock = read(`${folder}/package-lock.json`)
  const manifest = read(`${folder}/package.json`)

  test(`${manifest.name}: the lock file names a hash for every package, and no registry`, () => {
    for (const [path, entry] of Object.entries(lock.packages)) {
      if (path === '') continue
      assert.equal(entry.resolved, undefined, path)
      assert.match(entry.integrity, /^sha512-/, path)
    }
  })

  test(`${manifest.name}: direct dependencies are exact versions`, () => {
    for (const [name, version] of Object.entries({ ...manifest.dependencies, ...manifest.devDependencies })) {
      assert.match(version, /^\d+\.\d+\.\d+$/, name)
    }
  })
}

test('the decision names the version of graphql-js that judges', () => {
  const paper = new URL('../../docs/adr/0020-documents-are-validated-by-apollo-compiler.md', import.meta.url)
  const { dependencies } = read('../../tests/conformance/package.json')
  assert.ok(readFileSync(paper, 'utf8').includes(`graphql-js ${dependencies.graphql} is the other judge`))
})
