import { Button, Group, Radio, Textarea, TextInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { ProblemNotice } from '@/components/notice'
import { createCampaign } from '@/features/campaigns/api/campaign'
import { campaignQuery, campaignsQuery } from '@/lib/campaign-query'
import classes from './form.module.css'

export function NewCampaignPage() {
  const queries = useQueryClient()
  const navigate = useNavigate()
  const create = useMutation({
    mutationFn: createCampaign,
    onSuccess: (campaign) => {
      queries.setQueryData(campaignQuery(campaign.id).queryKey, campaign)
      void queries.invalidateQueries({ queryKey: campaignsQuery.queryKey })
      void navigate({ to: '/campaigns/$id', params: { id: campaign.id } })
    },
  })
  return (
    <form
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        const form = new FormData(event.currentTarget)
        const text = (name: string) => String(form.get(name)).trim()
        create.mutate({
          name: text('name'),
          kind: text('kind') === 'chat' ? 'chat' : 'ranking',
          model: text('model'),
          guidelines: text('guidelines'),
        })
      }}
    >
      <title>New campaign · Plumbline</title>
      <h1>New campaign</h1>
      {create.error && <ProblemNotice problem={create.error} />}
      <TextInput name="name" label="Name" maxLength={120} required data-autofocus />
      <Radio.Group
        name="kind"
        label="What annotators do"
        description="It cannot be changed later."
        defaultValue="ranking"
      >
        <Group mt="xs" gap="lg">
          <Radio value="ranking" label="Rank replies to prompts that are imported" />
          <Radio value="chat" label="Chat: write the prompts, rank the replies, go on" />
        </Group>
      </Radio.Group>
      <TextInput
        name="model"
        label="Model"
        description="“starter” (the small model that ships with Plumbline), a folder on the server, or a Hugging Face id. It cannot be changed later: what is collected belongs to it."
        defaultValue="starter"
        required
      />
      <Textarea
        name="guidelines"
        label="Guidelines"
        description="Markdown. Annotators read it beside each comparison."
        autosize
        minRows={6}
        maxRows={20}
      />
      <p className={classes.quiet}>
        Everything else (how comparisons are shown, how rounds are run) has a default and can be
        changed under Settings.
      </p>
      <Button type="submit" loading={create.isPending} className={classes.action}>
        Create campaign
      </Button>
    </form>
  )
}
