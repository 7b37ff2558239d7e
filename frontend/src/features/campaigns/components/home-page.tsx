import { useSuspenseQuery } from '@tanstack/react-query'
import { ButtonLink } from '@/components/button-link'
import { Empty } from '@/components/notice'
import { campaignsQuery } from '@/lib/campaign-query'
import { useMe } from '@/lib/session'
import { CampaignTable } from './campaign-table'
import classes from './home-page.module.css'
import { WaitingList } from './waiting-list'

/** For annotators what waits for them; for researchers their campaigns. */
export function HomePage() {
  const me = useMe()
  const { data: campaigns } = useSuspenseQuery({ ...campaignsQuery, refetchInterval: 15_000 })
  if (!me.runs_rounds) {
    return (
      <div className={classes.page}>
        <title>Campaigns · Plumbline</title>
        <h1>Your campaigns</h1>
        {campaigns.length > 0 ? (
          <WaitingList campaigns={campaigns} />
        ) : (
          <Empty title="You are in no campaign yet">
            <p>
              Tell whoever runs the campaign your user name, {me.username}; it then appears here.
            </p>
          </Empty>
        )}
      </div>
    )
  }
  return (
    <div className={classes.page}>
      <title>Campaigns · Plumbline</title>
      <header className={classes.head}>
        <h1>Campaigns</h1>
        <ButtonLink to="/campaigns/new">New campaign</ButtonLink>
      </header>
      {campaigns.length > 0 ? (
        <CampaignTable campaigns={campaigns} />
      ) : (
        <Empty title="No campaign yet">
          <p>
            A campaign holds the prompts, the guidelines and the people who align one model. Make
            the first.
          </p>
        </Empty>
      )}
    </div>
  )
}
