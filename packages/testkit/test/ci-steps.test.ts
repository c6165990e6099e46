import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import t from 'tap'

const steps = fileURLToPath(new URL('../../../.ci/steps.sh', import.meta.url))

/** What `lines` of bash count, after `.ci/steps.sh`. */
function count(lines: string): string {
  const script = `. "$0"\n${lines}\necho "$passed $failed"`
  const { stdout } = spawnSync('bash', ['-c', script, steps], { encoding: 'utf8' })
  return stdout.trimEnd().split('\n').at(-1) ?? ''
}

/** A step whose command prints `text` and ends with `status`. */
function counted(text: string, status: number): string {
  return count(`counted title sh -c 'printf "${text}"; exit ${status}'`)
}

t.test('a step counts one, by its exit status', (t) => {
  t.equal(count('step title true'), '1 0')
  t.equal(count('step title false'), '0 1')
  t.end()
})

t.test('the last line that a command counts with is added up', (t) => {
  t.equal(counted('1 passed, 9 failed\\n3 passed, 0 failed\\n', 0), '3 0')
  t.equal(counted('3 passed, 2 failed\\n', 1), '3 2')
  t.equal(count('counted a echo "1 passed, 0 failed"\nstep b false'), '1 1')
  t.end()
})

t.test('a command that fails without counting a failure has failed', (t) => {
  t.equal(counted('3 passed, 0 failed\\n', 1), '3 1')
  t.equal(counted('no line at the end\\n', 0), '0 1')
  t.equal(counted('', 1), '0 1')
  t.end()
})

t.test('nothing that was checked is nothing that passed', (t) => {
  t.equal(counted('0 passed, 0 failed\\n', 0), '0 1')
  t.end()
})

t.test('the status of what ran in the background counts as its log does', (t) => {
  const later = (status: number): string =>
    count(`log=$(mktemp)
      sh -c 'echo "1 passed, 0 failed"; exit ${status}' >"$log" &
      wait "$!"
      tally title "$?" "$log"
      rm "$log"`)
  t.equal(later(0), '1 0')
  t.equal(later(7), '1 1')
  t.end()
})
