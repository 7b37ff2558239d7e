import { expect, it } from 'vitest'
import { campaignSearch } from './campaign-search'

const NOTHING = { tab: undefined, split: undefined, q: undefined, page: undefined }

it('keeps of an address what makes sense', () => {
  expect(campaignSearch({ tab: 'prompts', split: 'heldout', q: 2024, page: 3 })).toEqual({
    tab: 'prompts',
    split: 'heldout',
    q: '2024',
    page: 3,
  })
})

it('takes out the rest, by name: what is not named is passed on by the router', () => {
  for (const nonsense of [{}, { tab: 'x', split: 1, q: '', page: -1 }, { page: 1.5, q: ['a'] }]) {
    const search = campaignSearch(nonsense)
    expect(search).toEqual(NOTHING)
    expect(Object.keys(search).sort()).toEqual(['page', 'q', 'split', 'tab'])
  }
})
