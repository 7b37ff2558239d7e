import { ButtonLink } from '@/components/button-link'
import { Empty } from '@/components/notice'

/** The change of an earlier ranking is on its way. */
export function Amended({ campaign, annotation }: { campaign: number; annotation: string }) {
  return (
    <Empty title="Your change is kept">
      <p>It goes to the server as soon as it can be reached.</p>
      <ButtonLink
        to="/campaigns/$id/history/$uid"
        params={{ id: campaign, uid: annotation }}
        variant="default"
      >
        Back to my ranking
      </ButtonLink>
    </Empty>
  )
}
