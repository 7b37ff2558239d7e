import { Button, Select, Switch, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ProblemNotice } from '@/components/notice'
import { RecipeFields } from '@/components/recipe-fields'
import { changeCampaign } from '@/features/campaigns/api/campaign'
import { campaignQuery } from '@/lib/campaign-query'
import type { Campaign, RationaleSetting, TaskSettings } from '@/lib/types'
import classes from './form.module.css'

/** What can be changed about a campaign. Rounds that run keep the recipe they were launched with. */
export function SettingsTab({ campaign }: { campaign: Campaign }) {
  const queries = useQueryClient()
  const [name, setName] = useState(campaign.name)
  const [guidelines, setGuidelines] = useState(campaign.guidelines)
  const [task, setTask] = useState(campaign.task)
  const [recipe, setRecipe] = useState(campaign.recipe)
  const change = useMutation({
    mutationFn: (isArchived?: boolean) =>
      changeCampaign(
        campaign.id,
        isArchived === undefined ? { name, guidelines, task, recipe } : { archived: isArchived },
      ),
    onSuccess: (changed) => {
      queries.setQueryData(campaignQuery(campaign.id).queryKey, changed)
      return queries.invalidateQueries({ queryKey: ['campaigns'] })
    },
  })
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        change.mutate(undefined)
      }}
    >
      <TextInput
        label="Name"
        maxLength={120}
        required
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <TextInput
        label="Model"
        value={campaign.model}
        readOnly
        description="Fixed when the campaign was made."
      />
      <Textarea
        label="Guidelines"
        description="Markdown, shown beside each comparison."
        autosize
        minRows={5}
        maxRows={20}
        value={guidelines}
        onChange={(event) => setGuidelines(event.currentTarget.value)}
      />
      <h2>The ranking page</h2>
      <TaskFields task={task} onChange={setTask} />
      <h2>Defaults of a new round</h2>
      <RecipeFields recipe={recipe} onChange={setRecipe} />
      {change.error && <ProblemNotice problem={change.error} />}
      <div className={classes.row}>
        <Button type="submit" loading={change.isPending}>
          Save
        </Button>
        <Button
          variant="default"
          onClick={() => change.mutate(campaign.archived_at === null)}
          title="An archived campaign asks nobody for rankings; it can be brought back."
        >
          {campaign.archived_at ? 'Bring back from the archive' : `Archive ${campaign.name}`}
        </Button>
        <span role="status" className={classes.done}>
          {change.isSuccess && 'Saved'}
        </span>
      </div>
    </form>
  )
}

function TaskFields({
  task,
  onChange,
}: {
  task: TaskSettings
  onChange: (task: TaskSettings) => void
}) {
  return (
    <>
      <Select
        label="A reason for each ranking"
        value={task.rationale}
        onChange={(value) =>
          onChange({ ...task, rationale: (value ?? 'optional') as RationaleSetting })
        }
        allowDeselect={false}
        data={[
          { value: 'off', label: 'Not asked for' },
          { value: 'optional', label: 'If the annotator likes' },
          { value: 'required', label: 'Needed' },
        ]}
      />
      <Switch
        label="“All bad” can be marked"
        checked={task.all_bad}
        onChange={(event) => onChange({ ...task, all_bad: event.currentTarget.checked })}
      />
      <Switch
        label="A comparison may be skipped"
        checked={task.skip}
        onChange={(event) => onChange({ ...task, skip: event.currentTarget.checked })}
      />
    </>
  )
}
