import { Button, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useState } from 'react'
import { ProblemNotice } from '@/components/notice'
import { RECIPE_FAULT, RecipeFields } from '@/components/recipe-fields'
import { changeCampaign } from '@/features/campaigns/api/campaign'
import { campaignQuery } from '@/lib/campaign-query'
import { clearOfFoot } from '@/lib/clear-of-foot'
import type { Campaign } from '@/lib/types'
import { useFaults } from '@/lib/use-faults'
import { ChatFields } from './chat-fields'
import classes from './form.module.css'
import { TaskFields } from './task-fields'

/** Refusals that one of the fields shows. */
const FIELDS = new RegExp(`^(name|guidelines|task|chat)\\b|${RECIPE_FAULT.source}`)

/** What can be changed about a campaign. Rounds that run keep the recipe they were launched with. */
export function SettingsTab({ campaign }: { campaign: Campaign }) {
  const queries = useQueryClient()
  const [name, setName] = useState(campaign.name)
  const [guidelines, setGuidelines] = useState(campaign.guidelines)
  const [task, setTask] = useState(campaign.task)
  const [recipe, setRecipe] = useState(campaign.recipe)
  const [chat, setChat] = useState(campaign.chat)
  const change = useMutation({
    mutationFn: (isArchived?: boolean) =>
      changeCampaign(
        campaign.id,
        isArchived === undefined
          ? { name, guidelines, task, recipe, chat }
          : { archived: isArchived },
      ),
    onSuccess: (changed) => {
      queries.setQueryData(campaignQuery(campaign.id).queryKey, changed)
      return queries.invalidateQueries({ queryKey: ['campaigns'] })
    },
  })
  const { form, faultOf: fault, isAtField } = useFaults(change.error, FIELDS)
  return (
    <form
      ref={form}
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
        error={fault('name')}
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
        error={fault('guidelines')}
        onChange={(event) => setGuidelines(event.currentTarget.value)}
      />
      <h2>The ranking page</h2>
      <TaskFields task={task} faultOf={(path) => fault(`task.${path}`)} onChange={setTask} />
      {campaign.kind === 'chat' && (
        <>
          <h2>The chat</h2>
          <ChatFields
            campaign={campaign.id}
            chat={chat}
            faultOf={(path) => fault(`chat.${path}`)}
            onChange={setChat}
          />
        </>
      )}
      <h2>Defaults of a new round</h2>
      <RecipeFields
        recipe={recipe}
        faultOf={(setting) => fault(`recipe.${setting}`)}
        onChange={setRecipe}
      />
      {change.error && !isAtField && <ProblemNotice problem={change.error} />}
      <div ref={clearOfFoot} className={classes.foot}>
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
        {isAtField && <span role="alert">Not saved: the field that is wrong says so.</span>}
      </div>
    </form>
  )
}
