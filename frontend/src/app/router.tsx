import type { QueryClient } from '@tanstack/react-query'
import type { RouterHistory } from '@tanstack/react-router'
import {
  createRootRouteWithContext,
  createRoute,
  createRouter,
  lazyRouteComponent,
  redirect,
} from '@tanstack/react-router'
import { HomePage } from '@/features/campaigns/components/home-page'
import { LoginPage } from '@/features/session/components/login-page'
import { annotationQuery } from '@/lib/annotation-query'
import { campaignQuery, campaignsQuery } from '@/lib/campaign-query'
import { sessionQuery } from '@/lib/session'
import { roundQuery } from '@/features/rounds/api/rounds'
import type { StepName } from '@/features/rounds/model/steps'
import { isStepName } from '@/features/rounds/model/steps'
import { campaignSearch, historySearch, reviewSearch } from './campaign-search'
import { NotFound, PageProblem } from './fallbacks'
import { Shell } from './shell'

const root = createRootRouteWithContext<{ queries: QueryClient }>()({ notFoundComponent: NotFound })

const login = createRoute({
  getParentRoute: () => root,
  path: '/login',
  // Only a path of this site: the login must lead nowhere else. (What is not named here passes unread.)
  validateSearch: (search): { next?: string } => ({
    next:
      typeof search.next === 'string' && /^\/(?![/\\])/.test(search.next) ? search.next : undefined,
  }),
  component: LoginPage,
})

const members = createRoute({
  getParentRoute: () => root,
  id: 'members',
  beforeLoad: async ({ context, location }) => {
    const me = await context.queries.ensureQueryData(sessionQuery)
    if (!me) throw redirect({ to: '/login', search: { next: location.href } })
    return { me }
  },
})

const framed = createRoute({ getParentRoute: () => members, id: 'framed', component: Shell })

/** Pages of those who run rounds; to others they are no secret, but of no use. */
const staff = createRoute({
  getParentRoute: () => framed,
  id: 'staff',
  beforeLoad: ({ context }) => {
    if (!context.me.runs_rounds) throw redirect({ to: '/' })
  },
})

const home = createRoute({
  getParentRoute: () => framed,
  path: '/',
  loader: ({ context }) => context.queries.ensureQueryData(campaignsQuery),
  component: HomePage,
})

const numeric = {
  parse: ({ id }: { id: string }) => ({ id: Number(id) }),
  stringify: ({ id }: { id: number }) => ({ id: String(id) }),
}

const uuidOf = (value: unknown) =>
  typeof value === 'string' && /^[0-9a-f-]{36}$/.test(value) ? value : undefined

const rank = createRoute({
  getParentRoute: () => members,
  path: '/campaigns/$id/rank',
  params: numeric,
  validateSearch: (search): { amend?: string } => ({ amend: uuidOf(search.amend) }),
  loader: ({ context, params }) => context.queries.ensureQueryData(campaignQuery(params.id)),
  component: lazyRouteComponent(() => import('./rank-route'), 'RankRoute'),
})

const history = createRoute({
  getParentRoute: () => framed,
  path: '/campaigns/$id/history',
  params: numeric,
  validateSearch: historySearch,
  loader: ({ context, params }) => context.queries.ensureQueryData(campaignQuery(params.id)),
  component: lazyRouteComponent(() => import('./history-route'), 'HistoryRoute'),
})

const entry = createRoute({
  getParentRoute: () => framed,
  path: '/campaigns/$id/history/$uid',
  params: {
    parse: ({ id, uid }: { id: string; uid: string }) => ({ id: Number(id), uid }),
    stringify: ({ id, uid }: { id: number; uid: string }) => ({ id: String(id), uid }),
  },
  loader: ({ context, params }) => context.queries.ensureQueryData(annotationQuery(params.uid)),
  component: lazyRouteComponent(() => import('./history-route'), 'EntryRoute'),
})

const ownPage = createRoute({
  getParentRoute: () => framed,
  path: '/campaigns/$id/me',
  params: numeric,
  loader: ({ context, params }) => context.queries.ensureQueryData(campaignQuery(params.id)),
  component: lazyRouteComponent(() => import('./own-route'), 'OwnRoute'),
})

const newCampaign = createRoute({
  getParentRoute: () => staff,
  path: '/campaigns/new',
  component: lazyRouteComponent(
    () => import('@/features/campaigns/components/new-campaign-page'),
    'NewCampaignPage',
  ),
})

const campaign = createRoute({
  getParentRoute: () => staff,
  path: '/campaigns/$id',
  params: numeric,
  validateSearch: campaignSearch,
  loader: ({ context, params }) => context.queries.ensureQueryData(campaignQuery(params.id)),
  component: lazyRouteComponent(() => import('./campaign-route'), 'CampaignRoute'),
})

const round = createRoute({
  getParentRoute: () => staff,
  path: '/rounds/$id',
  params: numeric,
  validateSearch: (search): { step?: StepName } => ({
    step: isStepName(search.step) ? search.step : undefined,
  }),
  component: lazyRouteComponent(() => import('./round-route'), 'RoundRoute'),
})

const review = createRoute({
  getParentRoute: () => staff,
  path: '/rounds/$id/review',
  params: numeric,
  validateSearch: reviewSearch,
  loader: ({ context, params }) => context.queries.ensureQueryData(roundQuery(params.id)),
  component: lazyRouteComponent(() => import('./review-route'), 'ReviewRoute'),
})

const people = createRoute({
  getParentRoute: () => staff,
  path: '/people',
  component: lazyRouteComponent(
    () => import('@/features/people/components/people-page'),
    'PeoplePage',
  ),
})

const routeTree = root.addChildren([
  login,
  members.addChildren([
    framed.addChildren([
      home,
      history,
      entry,
      ownPage,
      staff.addChildren([newCampaign, campaign, round, review, people]),
    ]),
    rank,
  ]),
])

/** The pages by their addresses; `history` is the browser's unless another is given. */
export const makeRouter = (queries: QueryClient, history?: RouterHistory) =>
  createRouter({
    routeTree,
    history,
    context: { queries },
    defaultErrorComponent: PageProblem,
    defaultPreload: 'intent',
    scrollRestoration: true,
  })

declare module '@tanstack/react-router' {
  interface Register {
    router: ReturnType<typeof makeRouter>
  }
}
