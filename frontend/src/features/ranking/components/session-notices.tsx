import { Alert, Button, Group } from '@mantine/core'
import { ButtonLink } from '@/components/button-link'
import type { RankingSession } from '@/features/ranking/model/ranking-session'
import type { RankingState } from '@/features/ranking/model/session-types'
import { RefusedNotice } from './refused-notice'
import classes from './session-notices.module.css'

interface SessionNoticesProps {
  campaign: number
  session: RankingSession
  state: RankingState
}

/** What the annotator should know, above the work and never over it. */
export function SessionNotices({ campaign, session, state }: SessionNoticesProps) {
  const amends = state.queue[0]?.amends
  return (
    <div className={classes.notices}>
      {amends && (
        <AmendNotice
          campaign={campaign}
          annotation={amends}
          isResumed={state.isResumed}
          onLeave={() => session.leaveAsItWas()}
        />
      )}
      {state.elsewhere && <DraftNotice shown={state.elsewhere.shown} session={session} />}
      {state.notice && (
        <Alert
          role="alert"
          color="yellow"
          withCloseButton
          closeButtonLabel="Close this notice"
          onClose={() => session.dismissNotice()}
        >
          {state.notice}
        </Alert>
      )}
      {state.outbox.trouble === 'login' && (
        <Alert role="alert" color="yellow" title="You are logged out; your rankings are kept here.">
          <Button size="compact-sm" onClick={() => window.location.reload()}>
            Log in again
          </Button>
        </Alert>
      )}
      {state.outbox.refused.map((entry) => (
        <RefusedNotice
          key={entry.clientId}
          entry={entry}
          onRetry={() => session.retryRefused(entry.clientId)}
          onForget={() => session.forgetRefused(entry.clientId)}
        />
      ))}
    </div>
  )
}

interface AmendNoticeProps {
  campaign: number
  annotation: string
  isResumed: boolean
  onLeave: () => void
}

function AmendNotice({ campaign, annotation, isResumed, onLeave }: AmendNoticeProps) {
  return (
    <div className={classes.quiet} role="status">
      <span>
        You are changing a ranking of yours. What you said before is kept beside it.
        {isResumed && ' This is how far you were when you left it.'}
      </span>
      <ButtonLink
        size="compact-sm"
        variant="default"
        to="/campaigns/$id/history/$uid"
        params={{ id: campaign, uid: annotation }}
        onClick={onLeave}
      >
        Leave it as it was
      </ButtonLink>
    </div>
  )
}

function DraftNotice({ shown, session }: { shown: 'mine' | 'theirs'; session: RankingSession }) {
  const isTheirs = shown === 'theirs'
  return (
    <div className={classes.quiet} role="status">
      <span>
        {isTheirs
          ? 'This draft is the newer one, from another device of yours.'
          : 'Another device of yours has a different draft of this one.'}
      </span>
      <Group gap="xs">
        <Button size="compact-sm" variant="default" onClick={() => session.swapDraft()}>
          {isTheirs ? 'Take mine' : 'Take that one'}
        </Button>
        <Button size="compact-sm" variant="subtle" onClick={() => session.keepShownDraft()}>
          Keep this
        </Button>
      </Group>
    </div>
  )
}
