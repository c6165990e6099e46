// Request and response of a stream that has begun.

import { fieldValue } from '../fields.ts'
import type { MessageStream } from '../message-stream.ts'
import type { ServerConnection } from './connection.ts'
import { ServerExchange } from './exchange.ts'
import { Http3ServerRequest } from './request.ts'
import { Http3ServerResponse } from './response.ts'

/** An exchange with its two faces. */
export interface MadeExchange {
  readonly exchange: ServerExchange
  readonly request: Http3ServerRequest
  readonly response: Http3ServerResponse
}

/** `end`: neither content nor trailers follow `fields`. */
export function makeExchange(
  connection: ServerConnection,
  stream: MessageStream,
  fields: readonly string[],
  end: boolean,
): MadeExchange {
  const method = fieldValue(fields, ':method') ?? ''
  const exchange = new ServerExchange(connection, stream, method, end)
  const request = new Http3ServerRequest(exchange, fields)
  const response = new Http3ServerResponse(exchange, request)
  exchange.join(request, response)
  return { exchange, request, response }
}
