import t from 'tap'
import { packetEngineContract } from '@godwit/testkit'
import { createNodeProvider } from '../../src/crypto/provider.ts'

packetEngineContract(t, createNodeProvider)
