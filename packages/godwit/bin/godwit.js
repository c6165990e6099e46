#!/usr/bin/env node
// Here before the build is, so that package managers can link it.
await import('../dist/cli.js')
