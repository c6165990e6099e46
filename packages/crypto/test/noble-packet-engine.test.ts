import t from 'tap'
import { createNobleProvider } from '@godwit/crypto'
import { packetEngineContract } from '@godwit/testkit'

packetEngineContract(t, () => createNobleProvider())
