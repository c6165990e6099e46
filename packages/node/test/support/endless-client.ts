// Downloads without end until it is killed: node endless-client.ts URL CA
import { connect } from '../../src/index.ts'

const [url, ca] = process.argv.slice(2) as [string, string]
const session = await connect(url, { ca })
session
  .request('/')
  .once('data', () => process.stdout.write('flowing\n'))
  .resume()
