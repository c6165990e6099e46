import t from 'tap'
import { packetEngineContract } from '@godwit/testkit'
import { SimdProvider } from '../../src/crypto/simd-provider.ts'

packetEngineContract(t, () => new SimdProvider())
