// Everyone that godwit meets in the lab.

import type { Peer } from '../lib/peer.ts'
import { aioquic } from './aioquic/peer.ts'
import { bun } from './bun/peer.ts'
import { caddy } from './caddy/peer.ts'
import { chromium } from './chromium/peer.ts'
import { curl } from './curl/peer.ts'
import { currentspace } from './currentspace/peer.ts'
import { deno } from './deno/peer.ts'
import { firefox } from './firefox/peer.ts'
import { haproxy } from './haproxy/peer.ts'
import { nginx } from './nginx/peer.ts'
import { ngtcp2 } from './ngtcp2/peer.ts'
import { quicGo } from './quic-go/peer.ts'
import { quinn } from './quinn/peer.ts'

export const peers: readonly Peer[] = [
  curl,
  ngtcp2,
  quicGo,
  quinn,
  aioquic,
  nginx,
  caddy,
  haproxy,
  bun,
  deno,
  currentspace,
  chromium,
  firefox,
]
