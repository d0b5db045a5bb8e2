/**
 * Every golden transcript is what the network says today.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { played, readTranscript, transcriptNames } from '../lab/transcripts.ts'

for (const name of transcriptNames()) {
  test(`the transcript ${name}`, async () => {
    const text = readTranscript(name)
    assert.equal(await played(text), text)
  })
}

test('a transcript with another command or another key is refused', async () => {
  await assert.rejects(played('hub\nfly away\n----\n'), /"fly" is no command/)
  await assert.rejects(played('hub wings=2\n----\n'), /wings/)
})
