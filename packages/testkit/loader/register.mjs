// Lets Node 20 run the TypeScript sources of this repository: `node --import=@godwit/testkit/register`.
import { register } from 'node:module'

register('./hooks.mjs', import.meta.url)
