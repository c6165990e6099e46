/* oxlint-disable -- a text to compare, not a program */

// What @godwit/http3 exports. Written by packages/testkit/scripts/api.mjs; a diff is a change of the API.

// --- @godwit/http3

export type FieldSection = readonly string[]

export declare const H3_CLOSED_CRITICAL_STREAM = 260

export declare const H3_CONNECT_ERROR = 271

export declare const H3_EXCESSIVE_LOAD = 263

export declare const H3_FRAME_ERROR = 262

export declare const H3_FRAME_UNEXPECTED = 261

export declare const H3_GENERAL_PROTOCOL_ERROR = 257

export declare const H3_ID_ERROR = 264

export declare const H3_INTERNAL_ERROR = 258

export declare const H3_MESSAGE_ERROR = 270

export declare const H3_MISSING_SETTINGS = 266

export declare const H3_NO_ERROR = 256

export declare const H3_REQUEST_CANCELLED = 268

export declare const H3_REQUEST_INCOMPLETE = 269

export declare const H3_REQUEST_REJECTED = 267

export declare const H3_SETTINGS_ERROR = 265

export declare const H3_STREAM_CREATION_ERROR = 259

export declare const H3_VERSION_FALLBACK = 272

export declare const HTTP3_ERROR_CODES: readonly ErrorCode[]

export declare class Http3Connection {
  #private
  constructor(port: QuicPort, options?: Http3ConnectionOptions)
  request(fields: readonly string[], end: boolean): RequestStream | null
  shutdown(): void
  cancelStalled(): number
  handleEvent(event: ConnectionEvent): void
  pollEvent(): Http3Event | null
  get peerSettings(): PeerSettings | null
  get openRequests(): number
  get closing(): boolean
  get error(): Http3Error | null
}

export interface Http3ConnectionOptions {
  readonly maxFieldSectionSize?: number
}

export declare class Http3Error extends Error {
  readonly name: string
  readonly code: string
  readonly errorCode: number
  readonly remote: boolean
  constructor(
    errorCode: number,
    message: string,
    options?: ErrorOptions & {
      readonly remote?: boolean
      readonly code?: string
    },
  )
}

export type Http3Event =
  | {
      readonly type: 'request'
      readonly stream: RequestStream
      readonly fields: FieldSection
      readonly end: boolean
    }
  | {
      readonly type: 'response'
      readonly stream: RequestStream
      readonly fields: FieldSection
      readonly end: boolean
    }
  | {
      readonly type: 'informational'
      readonly stream: RequestStream
      readonly fields: FieldSection
    }
  | {
      readonly type: 'data'
      readonly stream: RequestStream
    }
  | {
      readonly type: 'trailers'
      readonly stream: RequestStream
      readonly fields: FieldSection
    }
  | {
      readonly type: 'end'
      readonly stream: RequestStream
    }
  | {
      readonly type: 'writable'
      readonly stream: RequestStream
    }
  | {
      readonly type: 'reset'
      readonly stream: RequestStream
      readonly errorCode: number
      readonly error: Http3Error
    }
  | {
      readonly type: 'stop-sending'
      readonly stream: RequestStream
      readonly errorCode: number
    }
  | {
      readonly type: 'finished'
      readonly stream: RequestStream
    }
  | {
      readonly type: 'goaway'
      readonly id: number
    }
  | {
      readonly type: 'settings'
      readonly settings: PeerSettings
    }

export interface PeerSettings {
  readonly maxFieldSectionSize: number
  readonly qpackMaxTableCapacity: number
  readonly qpackBlockedStreams: number
  readonly enableConnectProtocol: boolean
  readonly h3Datagram: boolean
}

export declare const QPACK_DECODER_STREAM_ERROR = 514

export declare const QPACK_DECOMPRESSION_FAILED = 512

export declare const QPACK_ENCODER_STREAM_ERROR = 513

export declare class RequestStream {
  #private
  readonly id: number
  method: string
  context: unknown
  constructor(core: Http3Core, quic: QuicStream)
  sendInformational(fields: readonly string[]): boolean
  sendHeaders(fields: readonly string[], end?: boolean): boolean
  sendData(chunk: Uint8Array): SendOutcome
  sendFramed(frame: Uint8Array, length: number): SendOutcome
  sendTrailers(fields: readonly string[]): boolean
  finish(): boolean
  reset(errorCode: number): void
  readData(): Uint8Array | null
  stopSending(errorCode: number): void
  cancel(errorCode?: number): void
  get writableAmount(): number
  get writable(): boolean
  get ended(): boolean
  get bufferedAmount(): number
  sendRequest(fields: readonly string[], head: MessageHead, end: boolean): void
  handleReadable(): void
  handleWritable(): void
  handleReset(errorCode: number): void
  handleStopSending(errorCode: number): void
  handleSurfaced(): void
  handleFinished(): void
  handleReceived(): void
  handleRejected(): void
  isStalled(): boolean
  handleStalled(): void
  drop(): void
  release(): void
  isNews(type: Http3Event['type']): boolean
}

export type SendOutcome = 'sent' | 'full' | 'too-late'

export declare function dataHeaderLength(length: number): number

export declare function http3ErrorName(errorCode: number): string
