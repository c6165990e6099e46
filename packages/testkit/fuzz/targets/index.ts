// Every target, in the order of the layers.

import type { Target } from '../engine/target.ts'
import { http3Client, http3Server } from './http3-connection.ts'
import { http3Fields, http3FrameHeader, http3Settings } from './http3-parts.ts'
import { qpackHuffman, qpackSection, qpackStreams } from './qpack.ts'
import { quicConnection, quicDatagrams } from './quic-connection.ts'
import { quicFrames } from './quic-frames.ts'
import { quicHeader } from './quic-header.ts'
import { quicParameters } from './quic-parameters.ts'
import { tlsClient, tlsServer } from './tls-handshake.ts'
import { tlsMessages, tlsReader } from './tls-messages.ts'
import { wireReader } from './wire-reader.ts'
import { x509Certificate, x509Chain, x509Der, x509Key, x509Names, x509Pem } from './x509.ts'

export const TARGETS: readonly Target[] = [
  wireReader,
  x509Der,
  x509Certificate,
  x509Names,
  x509Pem,
  x509Key,
  x509Chain,
  tlsMessages,
  tlsReader,
  tlsClient,
  tlsServer,
  quicHeader,
  quicFrames,
  quicParameters,
  quicDatagrams,
  quicConnection,
  qpackHuffman,
  qpackSection,
  qpackStreams,
  http3FrameHeader,
  http3Settings,
  http3Fields,
  http3Server,
  http3Client,
]
