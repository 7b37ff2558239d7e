import { Button, Table } from '@mantine/core'
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query'
import { ButtonLink } from '@/components/button-link'
import { NoteThread } from '@/components/note-thread'
import { Empty, ProblemNotice } from '@/components/notice'
import { TableBox } from '@/components/table-box'
import { goldQuery, scoresQuery, unmarkGold } from '@/features/quality/api/quality'
import { percent, twoDecimals } from '@/lib/format'
import { rankingSentence } from '@/lib/margins'
import { threadsQuery } from '@/lib/notes'
import type { AnnotatorScore, Campaign, Gold } from '@/lib/types'
import classes from './review.module.css'

/** Gold, who agrees with it how far, and what was written back and forth. */
export function QualityTab({ campaign }: { campaign: Campaign }) {
  const { data: gold, error } = useQuery(goldQuery(campaign.id))
  const { data: scores = [] } = useQuery(scoresQuery(campaign.id))
  const round = campaign.open_round
  return (
    <div className={classes.stack}>
      {round && (
        <div>
          <ButtonLink to="/rounds/$id/review" params={{ id: round.id }} variant="default">
            Read the rankings of round {round.number}
          </ButtonLink>
        </div>
      )}
      <Letters campaign={campaign.id} />
      <section className={classes.section} aria-labelledby="agreement">
        <h2 id="agreement">Agreement with gold</h2>
        {scores.length > 0 ? (
          <>
            <Scores scores={scores} />
            <p className={classes.quiet}>
              Below each number its 95 % interval, which takes comparisons and not pairs as
              independent.
            </p>
          </>
        ) : (
          <p className={classes.quiet}>Nobody has ranked a gold comparison yet.</p>
        )}
      </section>
      <section className={classes.section} aria-labelledby="gold">
        <h2 id="gold">Gold comparisons</h2>
        {error && <ProblemNotice problem={error} />}
        {gold?.length === 0 && (
          <Empty title="No gold yet">
            <p>
              Open the rankings of a round and make one of them gold: others then get that
              comparison among theirs, and you see how far they agree.
            </p>
          </Empty>
        )}
        {gold && gold.length > 0 && <GoldTable campaign={campaign.id} gold={gold} />}
      </section>
    </div>
  )
}

/** Answers of annotators that no reviewer has read. */
function Letters({ campaign }: { campaign: number }) {
  const { data: threads = [] } = useQuery(threadsQuery(campaign))
  const unread = threads.filter((thread) => thread.unread > 0)
  if (unread.length === 0) return null
  return (
    <section className={classes.section} aria-labelledby="answers">
      <h2 id="answers">New answers to your notes</h2>
      {unread.map((thread) => (
        <article key={thread.annotation} className={classes.section}>
          <p>
            <strong>{thread.annotator}</strong>{' '}
            <span className={classes.quiet}>on “{thread.prompt.at(-1)?.content}”</span>
          </p>
          <NoteThread
            annotation={thread.annotation}
            notes={thread.notes}
            label={`Write to ${thread.annotator}`}
          />
        </article>
      ))}
    </section>
  )
}

function Scores({ scores }: { scores: AnnotatorScore[] }) {
  return (
    <TableBox label="Agreement with gold by annotator" minWidth={520}>
      <Table horizontalSpacing="md" verticalSpacing="xs">
        <Table.Thead>
          <Table.Tr>
            <Table.Th>Annotator</Table.Th>
            <Table.Th>Gold comparisons</Table.Th>
            <Table.Th>Pairs in the same order</Table.Th>
            <Table.Th>Margins apart (levels)</Table.Th>
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {scores.map(({ annotator, score }) => (
            <Table.Tr key={annotator}>
              <Table.Td>{annotator}</Table.Td>
              <Table.Td>{score.comparisons}</Table.Td>
              <Table.Td>
                {score.share === null
                  ? '–'
                  : `${percent(score.share)} (${score.agreed} of ${score.pairs})`}
                <Interval ends={score.share_interval} text={percent} />
              </Table.Td>
              <Table.Td>
                {score.margin_distance === null ? '–' : twoDecimals(score.margin_distance)}
                <Interval ends={score.margin_interval} text={twoDecimals} />
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </TableBox>
  )
}

/** Between what a number may lie; with few comparisons it is wide, and that is what it is for. */
function Interval(props: { ends: number[] | null; text: (value: number) => string }) {
  const [low, high] = props.ends ?? []
  if (low === undefined || high === undefined) return null
  return (
    <div className={classes.quiet}>
      {props.text(low)} to {props.text(high)}
    </div>
  )
}

function GoldTable({ campaign, gold }: { campaign: number; gold: Gold[] }) {
  const queries = useQueryClient()
  const unmark = useMutation({
    mutationFn: unmarkGold,
    onSuccess: () => queries.invalidateQueries({ queryKey: ['gold', campaign] }),
  })
  return (
    <>
      {unmark.error && <ProblemNotice problem={unmark.error} />}
      <TableBox label="Gold comparisons" minWidth={640}>
        <Table horizontalSpacing="md" verticalSpacing="xs">
          <Table.Thead>
            <Table.Tr>
              <Table.Th>Prompt</Table.Th>
              <Table.Th>Ranking</Table.Th>
              <Table.Th>Round</Table.Th>
              <Table.Th>Ranked by</Table.Th>
              <Table.Th>
                <span className="visually-hidden">Remove</span>
              </Table.Th>
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {gold.map((one) => (
              <Table.Tr key={one.comparison}>
                <Table.Td>{one.prompt.at(-1)?.content}</Table.Td>
                <Table.Td>{rankingSentence(one.ranking, one.gaps)}</Table.Td>
                <Table.Td>{one.round}</Table.Td>
                <Table.Td>
                  {one.answered} of {one.asked}
                </Table.Td>
                <Table.Td ta="end">
                  <Button
                    size="compact-sm"
                    variant="subtle"
                    aria-label={`Remove the gold of: ${one.prompt.at(-1)?.content ?? ''}`}
                    title="What people said stays; slots that nobody used go."
                    onClick={() => unmark.mutate(one.comparison)}
                  >
                    Remove
                  </Button>
                </Table.Td>
              </Table.Tr>
            ))}
          </Table.Tbody>
        </Table>
      </TableBox>
    </>
  )
}
