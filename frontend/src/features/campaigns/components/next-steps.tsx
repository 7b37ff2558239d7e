import { Link } from '@tanstack/react-router'
import type { Campaign } from '@/lib/types'
import classes from './next-steps.module.css'

/** What a young campaign still lacks before its first round, each with the way there. */
export function NextSteps({ campaign }: { campaign: Campaign }) {
  const prompts = {
    tab: 'prompts',
    label: 'Import prompts',
    isDone: campaign.prompts.train > 0,
  } as const
  const steps = [
    // In a chat it is the annotators who write them.
    ...(campaign.kind === 'chat' ? [] : [prompts]),
    { tab: 'people', label: 'Add people who rank', isDone: campaign.members > 0 },
    { tab: 'rounds', label: 'Launch the first round', isDone: campaign.open_round !== null },
  ] as const
  return (
    <ol className={classes.steps} aria-label="Before the first round">
      {steps.map((step) => (
        <li key={step.tab} data-done={step.isDone || undefined}>
          <Link to="/campaigns/$id" params={{ id: campaign.id }} search={{ tab: step.tab }}>
            {step.label}
          </Link>
          {step.isDone && <span> done</span>}
        </li>
      ))}
    </ol>
  )
}
