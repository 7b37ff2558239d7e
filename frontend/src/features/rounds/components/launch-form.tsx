import { Button } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import { useState } from 'react'
import { ProblemNotice } from '@/components/notice'
import { RECIPE_FAULT, RecipeFields } from '@/components/recipe-fields'
import { launchRound } from '@/features/rounds/api/rounds'
import { campaignQuery } from '@/lib/campaign-query'
import { plural } from '@/lib/format'
import type { Campaign, Recipe } from '@/lib/types'
import { useFaults } from '@/lib/use-faults'
import classes from './launch-form.module.css'

/** Launch a round: the campaign's defaults, to be changed for this once. */
export function LaunchForm({ campaign }: { campaign: Campaign }) {
  const [recipe, setRecipe] = useState(campaign.recipe)
  const queries = useQueryClient()
  const navigate = useNavigate()
  const launch = useMutation({
    mutationFn: (chosen: Recipe) => launchRound(campaign.id, chosen),
    onSuccess: (round) => {
      void queries.invalidateQueries({ queryKey: campaignQuery(campaign.id).queryKey })
      void navigate({ to: '/rounds/$id', params: { id: round.id } })
    },
  })
  const { form, faultOf, isAtField } = useFaults(launch.error, RECIPE_FAULT)
  const rankings = recipe.comparisons * recipe.overlap
  return (
    <form
      ref={form}
      className={classes.form}
      onSubmit={(event) => {
        event.preventDefault()
        launch.mutate(recipe)
      }}
    >
      <h2>Launch a round</h2>
      <RecipeFields
        recipe={recipe}
        faultOf={(setting) => faultOf(`recipe.${setting}`)}
        onChange={setRecipe}
      />
      {launch.error && !isAtField && <ProblemNotice problem={launch.error} />}
      <div className={classes.end}>
        <Button type="submit" loading={launch.isPending}>
          Launch the round
        </Button>
        <span>
          Samples {(recipe.comparisons * recipe.k).toLocaleString('en')} answers from{' '}
          {campaign.champion?.name ?? campaign.model}, then asks for {plural(rankings, 'ranking')}.
        </span>
      </div>
    </form>
  )
}
