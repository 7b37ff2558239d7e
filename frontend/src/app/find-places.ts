import type { Campaign, Me } from '@/lib/types'
import { TABS } from './campaign-search'

export interface Place {
  label: string
  href: string
}

const ownPlaces = ({ id, name }: Campaign): Place[] => [
  { label: `My page: ${name}`, href: `/campaigns/${id}/me` },
  { label: `My rankings: ${name}`, href: `/campaigns/${id}/history` },
]

/** Every place that a person can go to. */
export function placesOf(me: Me, campaigns: Campaign[]): Place[] {
  const ranking = campaigns
    .filter((campaign) => campaign.mine.waiting)
    .map(({ id, name }) => ({ label: `Rank: ${name}`, href: `/campaigns/${id}/rank` }))
  const places = [{ label: 'Campaigns', href: '/' }, ...ranking]
  if (!me.runs_rounds) return [...places, ...campaigns.flatMap(ownPlaces)]
  const theirs = campaigns.flatMap(({ id, name, open_round: round }) => [
    ...(round ? [{ label: `${name}: round ${round.number}`, href: `/rounds/${round.id}` }] : []),
    ...TABS.map((tab) => ({
      label: `${name}: ${tab}`,
      href: `/campaigns/${id}${tab === 'rounds' ? '' : `?tab=${tab}`}`,
    })),
  ])
  const common = [{ label: 'New campaign', href: '/campaigns/new' }]
  if (me.role === 'admin') common.push({ label: 'People', href: '/people' })
  return [...places, ...common, ...theirs]
}

const MOST = 12

/** The places whose names hold every word that was typed, those that begin with it first. */
export function findPlaces(places: Place[], typed: string): Place[] {
  const words = typed.toLowerCase().split(/\s+/).filter(Boolean)
  const holds = ({ label }: Place) => words.every((word) => label.toLowerCase().includes(word))
  const begins = ({ label }: Place) => Number(label.toLowerCase().startsWith(words[0] ?? ''))
  return places
    .filter(holds)
    .sort((one, other) => begins(other) - begins(one))
    .slice(0, MOST)
}
