import { useQuery } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import { ownGoldQuery } from '@/features/own-page/api/own-page'
import { percent, plural, twoDecimals } from '@/lib/format'
import { rankingSentence } from '@/lib/margins'
import type { OwnGold, OwnPage } from '@/lib/types'
import classes from './own-page.module.css'

interface AgreementPanelProps {
  campaign: number
  others: OwnPage['agreement']
}

/** How far one agrees with the others and with gold, where the campaign shows it. */
export function AgreementPanel({ campaign, others }: AgreementPanelProps) {
  const { data: gold = null } = useQuery(ownGoldQuery(campaign))
  if (!others && !gold) return null
  return (
    <section className={classes.panel} aria-labelledby="agreement">
      <h2 id="agreement">Agreement</h2>
      {others && <p>{sentence('the others', others)}</p>}
      {gold && (
        <p>
          {sentence('the reviewers’ own rankings', gold.score)}
          {gold.score.share_interval &&
            ` With so many, the share may lie anywhere from ${gold.score.share_interval.map(percent).join(' to ')} (95 % interval).`}
          {gold.score.margin_distance !== null &&
            ` The margins are ${twoDecimals(gold.score.margin_distance)} levels apart on average, of 6 at most.`}
        </p>
      )}
      {gold && gold.answers.length > 0 && <GoldAnswers campaign={campaign} gold={gold} />}
      <p className={classes.quiet}>
        From rounds that no longer collect. People who read well disagree now and then: it is a
        mirror, not a mark.
      </p>
    </section>
  )
}

function sentence(
  whom: string,
  {
    share,
    agreed,
    pairs,
    comparisons,
  }: Pick<OwnGold['score'], 'share' | 'agreed' | 'pairs' | 'comparisons'>,
): string {
  if (share === null) return `With ${whom}: shown once a round with shared comparisons has ended.`
  return `With ${whom}: the same order in ${agreed} of ${plural(pairs, 'pair')} (${percent(share)}), from ${plural(comparisons, 'comparison')}.`
}

function GoldAnswers({ campaign, gold }: { campaign: number; gold: OwnGold }) {
  const others = gold.answers.filter(({ score }) => score.agreed < score.pairs)
  if (others.length === 0) return null
  return (
    <details>
      <summary>Where the reviewers saw it otherwise</summary>
      <ul className={classes.list}>
        {others.map((answer) => (
          <li key={answer.annotation}>
            <Link
              to="/campaigns/$id/history/$uid"
              params={{ id: campaign, uid: answer.annotation }}
              className={classes.prompt}
              dir="auto"
            >
              {answer.prompt.at(-1)?.content}
            </Link>
            <span>Reviewers: {rankingSentence(answer.ranking, answer.gaps)}</span>
            {answer.explanation && (
              <span className={classes.quiet} dir="auto">
                {answer.explanation}
              </span>
            )}
          </li>
        ))}
      </ul>
    </details>
  )
}
