// Loaded after testkit's own loader, so that the change is made in the text without types.
import { register } from 'node:module'

register('./hook.mjs', import.meta.url)
