import { Button, NativeSelect, NumberInput, Textarea } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ProblemNotice } from '@/components/notice'
import { markGold, unmarkGold } from '@/features/quality/api/quality'
import type { Choice } from '@/features/quality/model/choice'
import { isSameChoice, withAt } from '@/features/quality/model/choice'
import { letterOf, ordinal } from '@/lib/format'
import { marginName, rankingSentence } from '@/lib/margins'
import type { Gap, Gold, Ranking } from '@/lib/types'
import classes from './review.module.css'

/** Who ranks a gold comparison has little time for others: some are asked, not everybody. */
const USUALLY_ASKED = 5
const MARGINS: Gap[] = [3, 2, 1, 0, null]

interface GoldFormProps {
  campaign: number
  ranking: Ranking
  gold: Gold | undefined
  /** How many people can be asked to rank it; 0 where nobody can be asked any more. */
  askable: number
}

/** The comparison's gold as it stands, and the way to make or change it. */
export function GoldForm(props: GoldFormProps) {
  const { campaign, ranking, gold } = props
  const [isOpen, setOpen] = useState(false)
  const queries = useQueryClient()
  const unmark = useMutation({
    mutationFn: () => unmarkGold(ranking.comparison),
    onSuccess: () => queries.invalidateQueries({ queryKey: ['gold', campaign] }),
  })
  return (
    <div className={classes.gold}>
      {gold && (
        <p>
          <strong>Gold:</strong> {rankingSentence(gold.ranking, gold.gaps)}{' '}
          <span className={classes.quiet}>
            by {gold.marked_by}; ranked by {gold.answered} of {gold.asked} people asked
            {gold.explanation && `. “${gold.explanation}”`}
          </span>
        </p>
      )}
      {isOpen ? (
        <Fields {...props} onClose={() => setOpen(false)} />
      ) : (
        <div className={classes.actions}>
          <Button size="compact-sm" variant="default" onClick={() => setOpen(true)}>
            {gold ? 'Change the gold ranking' : 'Make it gold'}
          </Button>
          {gold && (
            <Button
              size="compact-sm"
              variant="subtle"
              loading={unmark.isPending}
              title="What people said stays; slots that nobody used go."
              onClick={() => unmark.mutate()}
            >
              No gold any more
            </Button>
          )}
        </div>
      )}
      {unmark.error && <ProblemNotice problem={unmark.error} />}
    </div>
  )
}

function Fields({
  campaign,
  ranking,
  gold,
  askable,
  onClose,
}: GoldFormProps & { onClose: () => void }) {
  const said = { ranking: ranking.completions.map(({ index }) => index), gaps: ranking.gaps }
  const [choice, setChoice] = useState<Choice>(gold ?? said)
  const [explanation, setExplanation] = useState(gold?.explanation ?? '')
  const [ask, setAsk] = useState<number | string>(
    Math.min(askable, Math.max(gold?.asked ?? 1, USUALLY_ASKED)),
  )
  const queries = useQueryClient()
  const mark = useMutation({
    mutationFn: () =>
      markGold(ranking.comparison, {
        explanation: explanation.trim(),
        ...(askable > 0 && { ask: Number(ask) }),
        ...(isSameChoice(choice, said)
          ? { annotation: ranking.uid }
          : { ranking: choice.ranking, gaps: choice.gaps }),
      }),
    onSuccess: () => {
      onClose()
      return queries.invalidateQueries({ queryKey: ['gold', campaign] })
    },
  })
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        mark.mutate()
      }}
    >
      <p className={classes.quiet}>
        The right ranking, as you see it. It trains nothing: it measures those who rank this
        comparison without knowing that it is gold.
      </p>
      <div className={classes.order}>
        {choice.ranking.map((index, place) => (
          <div key={place} className={classes.place}>
            <NativeSelect
              label={ordinal(place)}
              value={String(index)}
              onChange={(event) => setChoice(withAt(choice, place, Number(event.target.value)))}
              data={said.ranking
                .toSorted((one, other) => one - other)
                .map((one) => ({ value: String(one), label: letterOf(one) }))}
            />
            {place < choice.gaps.length && (
              <NativeSelect
                label={`than ${ordinal(place + 1)}`}
                value={String(choice.gaps[place])}
                onChange={(event) => {
                  const gap = MARGINS.find((one) => String(one) === event.target.value) ?? null
                  setChoice({ ...choice, gaps: choice.gaps.with(place, gap) })
                }}
                data={MARGINS.map((gap) => ({ value: String(gap), label: marginName(gap) }))}
              />
            )}
          </div>
        ))}
      </div>
      <Textarea
        label="Why (shown to annotators with the gold ranking, where the campaign shows it)"
        autosize
        minRows={1}
        maxLength={2000}
        value={explanation}
        onChange={(event) => setExplanation(event.currentTarget.value)}
      />
      {askable > 0 && (
        <NumberInput
          label="People to ask"
          description="The round goes on collecting until so many have ranked it, or you finish it."
          min={1}
          max={askable}
          allowDecimal={false}
          value={ask}
          onChange={setAsk}
        />
      )}
      {mark.error && <ProblemNotice problem={mark.error} />}
      <div className={classes.actions}>
        <Button type="submit" size="compact-sm" loading={mark.isPending}>
          Keep as gold
        </Button>
        <Button size="compact-sm" variant="default" onClick={onClose}>
          Cancel
        </Button>
      </div>
    </form>
  )
}
