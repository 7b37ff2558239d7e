import { describe, expect, it } from 'vitest'
import type { Campaign, Me } from '@/lib/types'
import { findPlaces, placesOf } from './find-places'

const me = (role: Me['role']): Me => ({
  id: 1,
  username: 'x',
  role,
  runs_rounds: role !== 'annotator',
})

const campaign = {
  id: 3,
  name: 'Short notes',
  open_round: { id: 9, number: 2, state: 'collecting' },
  mine: { waiting: true },
} as Campaign

const labels = (role: Me['role'], typed = '') =>
  findPlaces(placesOf(me(role), [campaign]), typed).map((place) => place.label)

describe('finding a place', () => {
  it('offers an annotator what they can use, and no more', () => {
    expect(labels('annotator')).toEqual([
      'Campaigns',
      'Rank: Short notes',
      'My page: Short notes',
      'My rankings: Short notes',
    ])
  })

  it('keeps people for admins', () => {
    expect(labels('admin', 'people')).toEqual(['People', 'Short notes: people'])
    expect(labels('researcher', 'people')).toEqual(['Short notes: people'])
  })

  it('takes words in any order and case', () => {
    expect(labels('researcher', 'ROUND notes')).toEqual([
      'Short notes: round 2',
      'Short notes: rounds',
    ])
    expect(labels('researcher', 'nothing such')).toEqual([])
  })

  it('leads to the round itself and to the sides of a campaign', () => {
    const hrefs = placesOf(me('researcher'), [campaign]).map((place) => place.href)
    expect(hrefs).toContain('/rounds/9')
    expect(hrefs).toContain('/campaigns/3?tab=export')
  })
})
