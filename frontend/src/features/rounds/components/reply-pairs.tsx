import { Conversation } from '@/components/conversation'
import { Markdown } from '@/components/markdown'
import { figure, percent } from '@/lib/format'
import type { EvaluationSample, ScoredReply } from '@/lib/types'
import classes from './reply-pairs.module.css'

const SHOWN = 10

/** Ten held-out prompts, answered by both, side by side. */
export function ReplyPairs({ samples }: { samples: EvaluationSample[] }) {
  return (
    <section aria-label="Answers side by side">
      <h2 className={classes.title}>Answers side by side</h2>
      <ol className={classes.list}>
        {samples.slice(0, SHOWN).map((sample, index) => (
          <li key={index} className={classes.item}>
            <Conversation messages={sample.messages} />
            <div className={classes.pair}>
              <Reply who="Challenger" reply={sample.challenger} against={sample.start} />
              <Reply who="Champion" reply={sample.start} against={sample.challenger} />
            </div>
          </li>
        ))}
      </ol>
    </section>
  )
}

function Reply({ who, reply, against }: { who: string; reply: ScoredReply; against: ScoredReply }) {
  return (
    <div className={classes.reply} data-better={reply.reward > against.reward || undefined}>
      <h3>
        {who} <span>reward {figure(reply.reward)}</span>
        {typeof reply.safe === 'number' && <span>safe: {percent(reply.safe)}</span>}
        {reply.finish === 'length' && <span>cut</span>}
      </h3>
      <Markdown text={reply.text} />
    </div>
  )
}
