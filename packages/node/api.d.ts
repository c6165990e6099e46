/* oxlint-disable -- a text to compare, not a program */

// What @godwit/node exports. Written by packages/testkit/scripts/api.mjs; a diff is a change of the API.

// --- @godwit/node

export interface ConnectOptions {
  readonly ca?: PemInput
  readonly servername?: string
  readonly rejectUnauthorized?: boolean
  readonly ALPNProtocols?: readonly string[]
  readonly ciphers?: string
  readonly crypto?: CryptoBackend
  readonly connectTimeout?: number
  readonly family?: number
  readonly lookup?: Lookup
  readonly transport?: TransportOptions
  readonly maxHeaderSize?: number
}

export declare abstract class ConnectionSocket extends EventEmitter {
  #private
  readonly encrypted = true
  constructor(info: ConnectionInfo)
  get remoteAddress(): string
  get remotePort(): number
  get remoteFamily(): 'IPv4' | 'IPv6'
  get localAddress(): string | undefined
  get localPort(): number | undefined
  get alpnProtocol(): string | null
  get servername(): string | null
  get stats(): ConnectionStats | null
  abstract get destroyed(): boolean
  get readable(): boolean
  get writable(): boolean
  setTimeout(): this
  setKeepAlive(): this
  setNoDelay(): this
  ref(): this
  unref(): this
}

export type CryptoBackend = 'simd' | 'node' | 'noble'

export interface DevelopmentCertificate {
  readonly key: string
  readonly cert: string
  readonly ca: string
  readonly keyFile: string
  readonly certFile: string
  readonly caFile: string
  readonly fingerprint256: string
  readonly spkiFingerprint: string
}

export interface DevelopmentCertificateOptions {
  readonly names?: readonly string[]
  readonly directory?: string
}

export type FetchOptions = RequestInit & ConnectOptions

export type HeaderValue = number | string | readonly string[]

export type HeadersInput =
  | Readonly<Record<string, HeaderValue | undefined>>
  | Iterable<readonly [string, HeaderValue]>
  | readonly (string | HeaderValue)[]

export declare class Http3ClientRequest extends Duplex {
  #private
  response: ResponseHead | null
  trailers: IncomingHeaders
  readonly session: Http3ClientSession
  readonly exchange: PendingExchange
  constructor(
    session: Http3ClientSession,
    fields: readonly string[],
    endStream: boolean,
    signal: AbortSignal | undefined,
  )
  get streamId(): number
  _read(): void
  _write(
    chunk: Uint8Array | string,
    encoding: BufferEncoding,
    callback: (error?: Error | null) => void,
  ): void
  _final(callback: (error?: Error | null) => void): void
  _destroy(error: Error | null, callback: (error: Error | null) => void): void
  handleStream(stream: RequestStream): void
  handleResponse(fields: readonly string[], end: boolean): void
  handleTrailers(fields: readonly string[]): void
  handleWritable(): void
  handleEnd(): void
  handleStopSending(errorCode: number): void
  handleData(): void
}

export declare class Http3ClientSession extends Http3Session {
  #private
  readonly connectedOrFailed: Promise<void>
  constructor(
    lease: EndpointLease,
    connection: Connection,
    options: Http3ConnectionOptions,
    origin: URL,
  )
  request(path?: string, options?: RequestOptions): Http3ClientRequest
  fetch(input: string | URL | Request, init?: RequestInit): Promise<Response>
  startExchange(exchange: PendingExchange): void
  dropExchange(exchange: PendingExchange): void
  get origin(): string
  get authorizationError(): Error | null
  get authorized(): boolean
  get peerCertificates(): readonly Uint8Array[]
  get requestsStarted(): number
  get waitingRequests(): number
  protected onConnected(): void
  protected onStreamsAvailable(): void
  protected onRequest(stream: RequestStream): void
  protected readyToClose(): boolean
  protected onIdle(): void
  protected onClosed(error: Error | null): void
  destroy(errorCode?: number, reason?: string): void
}

export declare class Http3HostError extends Error {
  readonly name: string
  readonly code: Http3HostErrorCode
  readonly errorCode: number
  constructor(
    code: Http3HostErrorCode,
    message: string,
    options?: ErrorOptions & {
      errorCode?: number
    },
  )
}

export type Http3HostErrorCode =
  | 'ERR_HTTP3_CONNECT_TIMEOUT'
  | 'ERR_HTTP3_SESSION_CLOSED'
  | 'ERR_HTTP3_SESSION_CLOSING'
  | 'ERR_HTTP3_STREAM_RESET'
  | 'ERR_HTTP3_REQUEST_REJECTED'
  | 'ERR_HTTP3_CONTENT_LENGTH_MISMATCH'
  | 'ERR_SERVER_NOT_RUNNING'
  | 'ERR_SERVER_ALREADY_LISTEN'
  | 'ERR_HTTP_HEADERS_SENT'
  | 'ERR_HTTP_INVALID_STATUS_CODE'
  | 'ERR_TLS_NO_CERTIFICATE'

export declare class Http3Server extends EventEmitter {
  #private
  constructor(options: Http3ServerOptions, requestListener?: RequestListener)
  listen(port?: number, host?: string, callback?: () => void): this
  listen(port?: number, callback?: () => void): this
  listen(callback?: () => void): this
  listen(options: ListenOptions, callback?: () => void): this
  close(callback?: (error?: Error) => void): this
  closeAllConnections(): void
  closeIdleConnections(): void
  addContext(hostname: string, context: IdentityOptions): void
  setSecureContext(context: IdentityOptions): void
  ref(): this
  unref(): this
  [Symbol.asyncDispose](): Promise<void>
  get listening(): boolean
  address(): LocalAddress | null
  getConnections(callback: (error: Error | null, count: number) => void): void
  get sessions(): ReadonlySet<Http3ServerSession>
  get stats(): EndpointStats | null
}

export interface Http3ServerOptions {
  readonly key: PemInput
  readonly cert: PemInput
  readonly passphrase?: string
  readonly SNICallback?: SNICallback
  readonly ALPNProtocols?: readonly string[]
  readonly ciphers?: string
  readonly transport?: TransportOptions
  readonly crypto?: CryptoBackend
  readonly maxHeaderSize?: number
  readonly maxConnections?: number
  readonly memoryBudget?: number
  readonly streamIdleTimeout?: number
  readonly closeTimeout?: number
  readonly alsoTcp?: boolean
  readonly tcp?: HttpsServerOptions
}

export declare class Http3ServerRequest extends Readable {
  #private
  readonly httpVersion: string
  readonly httpVersionMajor: number
  readonly httpVersionMinor: number
  method: string
  url: string
  readonly scheme: string
  readonly authority: string
  constructor(exchange: ServerExchange, fields: readonly string[])
  setTimeout(ms: number, callback?: () => void): this
  get complete(): boolean
  get aborted(): boolean
  get socket(): RequestSocket
  set socket(value: unknown)
  get connection(): RequestSocket
  set connection(value: unknown)
  get stream(): Http3ServerStream
  set stream(value: unknown)
  get trailers(): IncomingHeaders
  set trailers(value: IncomingHeaders)
  get rawTrailers(): string[]
  set rawTrailers(value: string[])
  get headers(): IncomingHeaders
  set headers(value: IncomingHeaders)
  get rawHeaders(): string[]
  set rawHeaders(value: string[])
  get headersDistinct(): NodeJS.Dict<string[]>
  set res(value: unknown)
  _read(): void
  _destroy(error: Error | null, callback: (error: Error | null) => void): void
}

export declare class Http3ServerResponse extends Writable {
  #private
  statusMessage: string
  sendDate: boolean
  finished: boolean
  _header: string | null
  constructor(exchange: ServerExchange, request: Http3ServerRequest)
  setHeader(name: string, value: HeaderValue): this
  appendHeader(name: string, value: HeaderValue): this
  setHeaders(headers: HeadersInput): this
  removeHeader(name: string): void
  getHeader(name: string): HeaderValue | undefined
  hasHeader(name: string): boolean
  getHeaders(): Record<string, HeaderValue>
  getHeaderNames(): string[]
  getRawHeaderNames(): string[]
  get statusCode(): number
  set statusCode(status: number)
  writeHead(statusCode: number, headers?: HeadersInput): this
  writeHead(statusCode: number, statusMessage: string, headers?: HeadersInput): this
  flushHeaders(): void
  _implicitHeader(): void
  writeContinue(): boolean
  writeProcessing(): boolean
  writeEarlyHints(hints: Record<string, string | string[]>, callback?: () => void): boolean
  addTrailers(headers: HeadersInput): void
  end(callback?: () => void): this
  end(chunk: unknown, callback?: () => void): this
  end(chunk: unknown, encoding: BufferEncoding, callback?: () => void): this
  setDefaultEncoding(encoding: BufferEncoding): this
  setTimeout(ms: number, callback?: () => void): this
  get headersSent(): boolean
  get req(): Http3ServerRequest
  set req(value: Http3ServerRequest)
  get socket(): RequestSocket
  set socket(value: unknown)
  get connection(): RequestSocket
  set connection(value: unknown)
  get stream(): Http3ServerStream
  set stream(value: unknown)
  _write(chunk: Uint8Array | string, encoding: BufferEncoding, callback: WriteCallback): void
  _final(callback: WriteCallback): void
  _destroy(error: Error | null, callback: (error: Error | null) => void): void
}

export declare class Http3ServerSession
  extends Http3Session
  implements BagMember, ServerConnection
{
  #private
  readonly httpVersion = '3.0'
  bagIndex: number
  constructor(
    host: EndpointHost,
    connection: Connection,
    options: Http3ConnectionOptions,
    listener: SessionListener,
  )
  get http3Session(): Http3Session
  protected onConnected(): void
  protected onRequest(stream: RequestStream, fields: readonly string[], end: boolean): void
  protected onStreamsAvailable(): void
  protected readyToClose(): boolean
  protected onIdle(): void
  protected onClosed(error: Error | null): void
}

export declare class Http3ServerStream {
  #private
  constructor(owner: StreamOwner)
  get id(): number
  get session(): Http3Session | null
  get aborted(): boolean
  get destroyed(): boolean
  close(errorCode?: number): void
  destroy(error?: Error): this
}

export declare abstract class Http3Session
  extends EventEmitter
  implements ConnectionOwner, SocketOwner
{
  #private
  protected readonly host: EndpointHost
  protected readonly connection: Connection
  protected readonly http3: Http3Connection
  woken: boolean
  constructor(host: EndpointHost, connection: Connection, options: Http3ConnectionOptions)
  close(callback?: () => void): void
  destroy(errorCode?: number, reason?: string): void
  cancelStalled(): void
  updateKeys(): boolean
  wake(): void
  get stats(): ConnectionStats
  get alpnProtocol(): string | null
  get cipher(): string | null
  get servername(): string | null
  get remoteAddress(): string
  get remotePort(): number
  get localAddress(): string | undefined
  get localPort(): number | undefined
  get connected(): boolean
  get closing(): boolean
  get closed(): boolean
  get error(): Error | null
  get activeRequests(): number
  get socket(): SessionSocket
  protected get tls(): TlsSession
  handleEvents(): void
  protected abstract readyToClose(): boolean
  protected abstract onIdle(): void
  protected abstract onConnected(): void
  protected abstract onRequest(stream: RequestStream, fields: readonly string[], end: boolean): void
  protected abstract onStreamsAvailable(): void
  protected abstract onClosed(error: Error | null): void
  protected addExchange(stream: RequestStream, handler: ExchangeHandler): void
  removeExchange(id: number): void
}

export interface IdentityOptions {
  readonly key: PemInput
  readonly cert: PemInput
  readonly passphrase?: string
}

export type IncomingHeaders = Record<string, string | string[] | undefined>

export interface ListenOptions {
  readonly port?: number
  readonly host?: string
  readonly backlog?: number
  readonly exclusive?: boolean
  readonly signal?: AbortSignal
  readonly listenTextResolver?: unknown
}

export interface LocalAddress {
  readonly address: string
  readonly family: 'IPv4' | 'IPv6'
  readonly port: number
}

export type Lookup = (
  hostname: string,
  options: {
    all: true
    family?: LookupOneOptions['family']
  },
  callback: (
    error: Error | null,
    addresses: readonly {
      readonly address: string
      readonly family: number
    }[],
  ) => void,
) => void

export type PemInput = string | Uint8Array | readonly (string | Uint8Array)[]

export interface RequestInfo {
  readonly remoteAddress: string
  readonly remotePort: number
  readonly httpVersion: string
  stats(): ConnectionStats | null
}

export type RequestListener = (request: Http3ServerRequest, response: Http3ServerResponse) => void

export interface RequestOptions {
  readonly method?: string
  readonly headers?: HeadersInput
  readonly authority?: string
  readonly signal?: AbortSignal
  readonly endStream?: boolean
}

export declare class RequestSocket extends ConnectionSocket {
  #private
  constructor(info: ConnectionInfo, owner: RequestOwner)
  get destroyed(): boolean
  destroy(error?: Error): this
  handleOver(): void
}

export interface ResponseHead {
  readonly status: number
  readonly headers: IncomingHeaders
  readonly rawHeaders: readonly string[]
}

export type SNICallback = (
  servername: string,
  callback: (error: Error | null, context?: SecureContext) => void,
) => void

export interface SecureContext {
  readonly identities: readonly Identity[]
  readonly options: IdentityOptions
}

export interface ServeOptions extends Http3ServerOptions {
  readonly port?: number
  readonly hostname?: string
  readonly fetch: (request: Request, info: RequestInfo) => Response | Promise<Response>
  readonly error?: (error: unknown) => Response | Promise<Response>
}

export declare class SessionSocket extends ConnectionSocket {
  #private
  constructor(session: SocketOwner)
  get destroyed(): boolean
  destroy(): this
}

export declare function closeIdleConnections(): Promise<void>

export declare function connect(
  url: string | URL,
  options?: ConnectOptions & {
    readonly signal?: AbortSignal
  },
): Promise<Http3ClientSession>

export declare function createNodeProvider(): CryptoProvider

export declare function createSecureContext(options: IdentityOptions): SecureContext

export declare function createServer(
  options: Http3ServerOptions,
  requestListener?: RequestListener,
): Http3Server

export declare function developmentCertificate(
  options?: DevelopmentCertificateOptions,
): DevelopmentCertificate

export declare function fetch(input: string | URL | Request, init?: FetchOptions): Promise<Response>

export declare function selectProvider(backend?: CryptoBackend): CryptoProvider

export declare function serve(options: ServeOptions): Promise<Http3Server>

// --- @godwit/node/quic

export { Connection } from '@godwit/quic'

export { ConnectionEvent } from '@godwit/quic'

export interface ConnectionOwner {
  handleEvents(): void
  woken?: boolean
}

export declare class EndpointHost implements DatagramListener {
  #private
  private constructor()
  static open(options: EndpointHostOptions): Promise<EndpointHost>
  connect<T extends ConnectionOwner>(
    path: NetworkPath,
    config: ConnectConfig,
    makeOwner: (connection: Connection) => T,
  ): T
  wake(owner: ConnectionOwner): void
  forget(connection: Connection): void
  ref(): void
  unref(): void
  close(errorCode: number, reason: string): Promise<void>
  destroy(): void
  get address(): LocalAddress | null
  get connectionCount(): number
  get stats(): EndpointStats
  onDatagram(path: NetworkPath, ecn: number, bytes: Uint8Array): void
  onSocketError(error: Error): void
}

export interface EndpointHostOptions {
  readonly provider: CryptoProvider
  readonly host: string | undefined
  readonly port: number
  readonly server?: ServerConfig
  readonly accept?: (connection: Connection) => ConnectionOwner
  readonly onError: (error: Error) => void
}

export interface QuicConnectOptions {
  readonly address: string
  readonly port: number
  readonly servername: string
  readonly ca?: PemInput
  readonly alpnProtocols: readonly string[]
  readonly cipherSuites?: readonly CipherSuite[]
  readonly transport?: TransportOptions
  readonly crypto?: CryptoBackend
}

export interface QuicListenOptions {
  readonly key: PemInput
  readonly cert: PemInput
  readonly alpnProtocols: readonly string[]
  readonly host?: string
  readonly port: number
  readonly transport?: TransportOptions
  readonly crypto?: CryptoBackend
  accept(connection: Connection, host: EndpointHost): ConnectionOwner
  onError(error: Error): void
}

export { QuicStream } from '@godwit/quic'

export interface SessionListener {
  onSession(session: Http3ServerSession): void
  onRequest(request: Http3ServerRequest, response: Http3ServerResponse): void
  onSessionClosed(session: Http3ServerSession, error: Error | null): void
}

export { TransportOptions } from '@godwit/quic'

export declare function applicationProtocol(connection: Connection): string | null

export declare function connectQuic<T extends ConnectionOwner>(
  host: EndpointHost,
  options: QuicConnectOptions,
  makeOwner: (connection: Connection) => T,
): T

export declare function listenQuic(options: QuicListenOptions): Promise<EndpointHost>

export declare function openQuicClient(
  family: 4 | 6,
  onError: (error: Error) => void,
  crypto?: CryptoBackend,
): Promise<EndpointHost>
