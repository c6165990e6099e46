/* oxlint-disable -- a text to compare, not a program */

// What godwit exports. Written by packages/testkit/scripts/api.mjs; a diff is a change of the API.

// --- godwit

export { ConnectOptions } from '@godwit/node'

export { ConnectionSocket } from '@godwit/node'

export { CryptoBackend } from '@godwit/node'

export { DevelopmentCertificate } from '@godwit/node'

export { DevelopmentCertificateOptions } from '@godwit/node'

export { FetchOptions } from '@godwit/node'

export { HeaderValue } from '@godwit/node'

export { HeadersInput } from '@godwit/node'

export { Http3ClientRequest } from '@godwit/node'

export { Http3ClientSession } from '@godwit/node'

export { Http3HostError } from '@godwit/node'

export { Http3HostErrorCode } from '@godwit/node'

export { Http3Server } from '@godwit/node'

export { Http3ServerOptions } from '@godwit/node'

export { Http3ServerRequest } from '@godwit/node'

export { Http3ServerResponse } from '@godwit/node'

export { Http3ServerSession } from '@godwit/node'

export { Http3ServerStream } from '@godwit/node'

export { Http3Session } from '@godwit/node'

export { IdentityOptions } from '@godwit/node'

export { IncomingHeaders } from '@godwit/node'

export { ListenOptions } from '@godwit/node'

export { LocalAddress } from '@godwit/node'

export { Lookup } from '@godwit/node'

export { PemInput } from '@godwit/node'

export { RequestInfo } from '@godwit/node'

export { RequestListener } from '@godwit/node'

export { RequestOptions } from '@godwit/node'

export { RequestSocket } from '@godwit/node'

export { ResponseHead } from '@godwit/node'

export { SNICallback } from '@godwit/node'

export { SecureContext } from '@godwit/node'

export { ServeOptions } from '@godwit/node'

export { SessionSocket } from '@godwit/node'

export { closeIdleConnections } from '@godwit/node'

export { connect } from '@godwit/node'

export { createSecureContext } from '@godwit/node'

export { createServer } from '@godwit/node'

export { developmentCertificate } from '@godwit/node'

export { fetch } from '@godwit/node'

export { serve } from '@godwit/node'
