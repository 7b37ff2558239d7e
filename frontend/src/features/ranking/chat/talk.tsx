import { Alert, Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useEffect, useRef } from 'react'
import { Conversation } from '@/components/conversation'
import { ProblemNotice } from '@/components/notice'
import { SaveWord } from '@/features/ranking/components/action-bar'
import task from '@/features/ranking/components/task-view.module.css'
import type { OutboxState } from '@/features/ranking/model/outbox'
import { clearOfFoot } from '@/lib/clear-of-foot'
import { useMe } from '@/lib/session'
import type { LinkState } from '@/lib/steady-socket'
import type { Chat, ChatTurn, Conversation as Talked } from '@/lib/types'
import type { TurnAction } from './chat-api'
import { act, begin, chatQuery, say } from './chat-api'
import { said, withConversation } from './chat-state'
import { Composer } from './composer'
import { StreamingReply } from './streaming-reply'
import classes from './talk.module.css'
import { usePromptDraft } from './use-prompt-draft'

interface TalkProps {
  campaign: number
  chat: Chat
  link: LinkState
  outbox: OutboxState
  canUndo: boolean
  isUndoing: boolean
  onUndo: () => void
}

/** The conversation so far, and under it what is to be done: write, wait, or mend. */
export function Talk(props: TalkProps) {
  const { campaign, chat } = props
  const { conversation } = chat
  const draft = usePromptDraft(campaign, useMe().id, conversation)
  const queries = useQueryClient()
  const take = (talked: Talked) => {
    const key = chatQuery(campaign).queryKey
    queries.setQueryData(key, (old) => old && withConversation(old, talked))
    if (talked.ended) void queries.invalidateQueries({ queryKey: key })
  }
  const send = useMutation({
    mutationFn: async (text: string) => {
      const { uid, turns } = conversation ?? (await begin(campaign))
      return say(uid, turns.length + 1, text)
    },
    onSuccess: (talked) => {
      draft.clear()
      take(talked)
    },
  })
  const action = useMutation({
    mutationFn: ({ uid, action }: { uid: string; action: TurnAction }) => act(uid, action),
    onSuccess: take,
  })
  const run = (what: TurnAction) =>
    conversation && action.mutate({ uid: conversation.uid, action: what })
  const turns = conversation?.turns ?? []
  const last = turns.at(-1)
  const next = conversation?.next ?? 'write'
  const isAnswering = last !== undefined && (next === 'wait' || next === 'rank')
  return (
    <>
      <Transcript turns={turns} limit={chat.turn_limit} isShort={isAnswering} />
      {isAnswering && <Replies turn={last} />}
      <section ref={clearOfFoot} className={task.controls} aria-label="Your part">
        {action.error && <ProblemNotice problem={action.error} />}
        {isAnswering && (
          <div className={classes.foot}>
            <p role="status" className={classes.status}>
              {statusOf(last, props)}
            </p>
            {props.outbox.waiting.length > 0 && <SaveWord outbox={props.outbox} />}
            {next === 'wait' && (
              <FinishButton isBusy={action.isPending} onFinish={() => run('finish')} />
            )}
          </div>
        )}
        {next === 'mend' && last && (
          <Mending turn={last} isBusy={action.isPending} onAct={(what) => run(what)} />
        )}
        {(next === 'finish' || next === 'over') && (
          <div className={classes.foot}>
            <p className={classes.status}>{conversation?.reason}</p>
            <UndoButton {...props} />
            <Button loading={action.isPending} onClick={() => run('finish')}>
              Finish the conversation
            </Button>
          </div>
        )}
        {next === 'write' && (
          <Composer
            limits={chat}
            isFirst={turns.length === 0}
            text={draft.text}
            problem={send.error}
            isSending={send.isPending}
            onText={draft.write}
            onSend={() => send.mutate(draft.text)}
          >
            {turns.length > 0 && (
              <>
                <UndoButton {...props} />
                <FinishButton isBusy={action.isPending} onFinish={() => run('finish')} />
              </>
            )}
          </Composer>
        )}
      </section>
    </>
  )
}

function statusOf(turn: ChatTurn, { link }: TalkProps): string {
  if (turn.state === 'ready') return 'The replies are written.'
  if (link !== 'live')
    return 'The connection is away; the replies are kept and come when it is back.'
  if (turn.state === 'waiting') return 'Your message is being taken up …'
  return 'The replies are being written …'
}

/** What was said, at its newest end; where replies stand under it, it leaves them the room. */
function Transcript({
  turns,
  limit,
  isShort,
}: {
  turns: ChatTurn[]
  limit: number
  isShort: boolean
}) {
  const box = useRef<HTMLElement>(null)
  const count = turns.length
  useEffect(() => {
    if (box.current) box.current.scrollTop = box.current.scrollHeight
  }, [count, isShort])
  if (count === 0) {
    return (
      <section className={classes.opening}>
        <h2>Write the first message</h2>
        <p>
          The models answer it side by side, word by word. You rank their replies, and the best one
          goes on with the conversation, for up to {limit} turns.
        </p>
      </section>
    )
  }
  return (
    <section
      ref={box}
      className={isShort ? task.prompt : classes.transcript}
      aria-label="The conversation"
    >
      <div className={classes.measure}>
        <Conversation messages={said(turns)} />
        <p className={classes.count}>
          Turn {count} of {limit}
        </p>
      </div>
    </section>
  )
}

function Replies({ turn }: { turn: ChatTurn }) {
  const heading = useRef<HTMLHeadingElement>(null)
  // The message has left the composer: reading goes on here.
  useEffect(() => heading.current?.focus({ preventScroll: true }), [])
  return (
    <section className={task.answers} aria-label="Replies" data-k={turn.replies.length}>
      <h2 ref={heading} tabIndex={-1} className="visually-hidden">
        Replies
      </h2>
      {turn.replies.map((reply) => (
        <StreamingReply key={reply.position} reply={reply} isWritten={turn.state === 'ready'} />
      ))}
    </section>
  )
}

interface MendingProps {
  turn: ChatTurn
  isBusy: boolean
  onAct: (action: TurnAction) => void
}

/** What went wrong, and the ways to go on. */
function Mending({ turn, isBusy, onAct }: MendingProps) {
  return (
    <Alert
      role="alert"
      color="yellow"
      className={classes.mending}
      title={<span className={classes.trouble}>Your message was not answered</span>}
    >
      <p className={classes.failure}>{turn.failure}</p>
      <div className={classes.foot}>
        {turn.may_retry && (
          <Button size="sm" loading={isBusy} onClick={() => onAct('retry')}>
            Try again
          </Button>
        )}
        <Button size="sm" variant="default" disabled={isBusy} onClick={() => onAct('take-back')}>
          Put it otherwise
        </Button>
        <FinishButton isBusy={isBusy} onFinish={() => onAct('finish')} />
      </div>
    </Alert>
  )
}

function FinishButton({ isBusy, onFinish }: { isBusy: boolean; onFinish: () => void }) {
  return (
    <Button size="sm" variant="default" disabled={isBusy} onClick={onFinish}>
      Finish
    </Button>
  )
}

function UndoButton({ canUndo, isUndoing, onUndo }: TalkProps) {
  if (!canUndo) return null
  return (
    <Button size="sm" variant="default" loading={isUndoing} onClick={onUndo}>
      Undo ranking
    </Button>
  )
}
