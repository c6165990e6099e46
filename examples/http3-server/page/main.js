import { showConnection } from './connection.js'
import { setUpDownload } from './download.js'
import { setUpEvents } from './events.js'
import { setUpUpload } from './upload.js'

showConnection()
setUpDownload()
setUpUpload()
setUpEvents()
