import type { Recipe, Stage } from './types'

export type Method = Recipe['method'][number]

interface MethodWords {
  label: string
  about: string
  stage: Stage
}

/** The ways to train a policy, in the words of the pages, in the order in which they are offered. */
export const METHODS: Record<Method, MethodWords> = {
  dpo: { label: 'DPO', about: 'learns from every pair of every ranking so far', stage: 'dpo' },
  online_dpo: {
    label: 'Online DPO',
    about: 'answers anew as it learns; the reward model says which answer is better',
    stage: 'online',
  },
  ppo: {
    label: 'PPO',
    about: 'answers anew; the reward model scores, and a critic tells which words earned it',
    stage: 'ppo',
  },
  rloo: {
    label: 'RLOO',
    about: 'answers anew; each answer is worth what the reward model gives it over its siblings',
    stage: 'rloo',
  },
  rejection_sampling: {
    label: 'Rejection sampling',
    about: 'imitates the best answer to each prompt, of all rounds so far, by the reward model',
    stage: 'rejection',
  },
  kto: {
    label: 'KTO',
    about: 'learns from answers that are good or bad by themselves: thumbs, or places in a ranking',
    stage: 'kto',
  },
  sft: {
    label: 'Fine-tuning on edits',
    about: 'imitates what annotators made of answers',
    stage: 'sft',
  },
}

export const ALL_METHODS = Object.keys(METHODS) as Method[]

/** The stages that train the policy of a round, in order. */
export const policyStages = (recipe: Recipe): Stage[] =>
  recipe.method.map((method) => METHODS[method].stage)
