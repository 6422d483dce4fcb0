/**
 * What our server is held against: `node:http` and nothing else, answering every request with the
 * same status, headers and body. Both come as JSON in the environment.
 *
 * @module
 */
import { createServer } from 'node:http'

const { headers, body } = JSON.parse(process.env.ANSWER ?? '') as {
  headers: Record<string, string>
  body: string
}

const server = createServer((_request, response) => {
  response.writeHead(200, headers)
  response.end(body)
})
server.listen(Number(process.argv[2]), '127.0.0.1', () => process.stdout.write('Listening\n'))
