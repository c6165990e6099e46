import t from 'tap'
import { cryptoProviderContract } from '@godwit/testkit'
import { nodeOfferOf } from '../../src/crypto/key-exchange.ts'
import { createNodeProvider } from '../../src/crypto/provider.ts'

cryptoProviderContract(t, createNodeProvider, { offerOf: nodeOfferOf, signsRsa: true })
