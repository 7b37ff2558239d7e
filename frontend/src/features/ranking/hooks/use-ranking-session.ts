import { useEffect, useState, useSyncExternalStore } from 'react'
import * as rankingApi from '@/features/ranking/api/ranking-api'
import { RankingSession } from '@/features/ranking/model/ranking-session'
import type { SessionOptions } from '@/features/ranking/model/session-types'
import type { CampaignForMember } from '@/lib/types'

const HEARTBEAT_MS = 60_000
/** With nothing to rank, or without a connection, look again this often. */
const POLL_MS = 10_000
const SIGNS_OF_LIFE = [
  'keydown',
  'pointerdown',
  'pointermove',
  'wheel',
  'scroll',
  'touchmove',
] as const

/** The running session of one person in one campaign, wired to the page's life: sight, network, tabs. */
export function useRankingSession(
  campaign: CampaignForMember,
  user: number,
  options: Partial<Pick<SessionOptions, 'api' | 'amend' | 'onAmended'>> = {},
) {
  const [session] = useState(
    () =>
      new RankingSession({
        api: rankingApi,
        storage: localStorage,
        user,
        campaign: campaign.id,
        task: campaign.task,
        ...options,
      }),
  )
  const state = useSyncExternalStore(session.subscribe, session.snapshot)
  useEffect(() => session.follow(campaign.task), [session, campaign.task])

  useEffect(() => {
    void session.start()
    const heartbeat = setInterval(() => {
      void session.heartbeat()
      session.remindOfBreak()
    }, HEARTBEAT_MS)
    const poll = setInterval(() => {
      const { queue, isOffline } = session.snapshot()
      if ((queue.length === 0 || isOffline) && !document.hidden) void session.refill()
    }, POLL_MS)
    return () => {
      clearInterval(heartbeat)
      clearInterval(poll)
    }
  }, [session])

  useEffect(() => {
    const controller = new AbortController()
    const { signal } = controller
    const listen = { signal, passive: true, capture: true }
    for (const sign of SIGNS_OF_LIFE) window.addEventListener(sign, () => session.touch(), listen)
    window.addEventListener('online', () => session.retryNow(), { signal })
    window.addEventListener('pagehide', () => session.pause(), { signal })
    window.addEventListener('storage', (event) => session.followOtherTab(event), { signal })
    document.addEventListener(
      'visibilitychange',
      () => (document.hidden ? session.pause() : session.resume()),
      { signal },
    )
    return () => {
      session.pause()
      controller.abort()
    }
  }, [session])

  return { session, state }
}
