// `node --import=./defect-register.mjs`, with the edits of a fault in GODWIT_FUZZ_EDITS.
import { register } from 'node:module'

const edits = JSON.parse(process.env.GODWIT_FUZZ_EDITS ?? '[]')
register('./defect-hooks.mjs', import.meta.url, { data: edits })
