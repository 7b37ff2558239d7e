import { JsonInput, NumberInput, Select, SimpleGrid, Switch, TextInput } from '@mantine/core'
import { useState } from 'react'
import { MethodList } from '@/components/method-list'
import { parseTemperatures } from '@/lib/temperatures'
import type { Recipe } from '@/lib/types'

interface RecipeFieldsProps {
  recipe: Recipe
  /** The sentence of a refusal that is about this setting. */
  faultOf: (name: keyof Recipe) => string | null
  onChange: (recipe: Recipe) => void
}

/** Refusals that one of the fields below shows. */
export const RECIPE_FAULT =
  /^recipe\.(k|comparisons|overlap|heldout_share|temperatures|top_p|max_new_tokens|policy_prompts|judge|seed|params) /

/** The explanation under the field keeps the fields of a row in line. */
const ORDER: ('label' | 'input' | 'description' | 'error')[] = [
  'label',
  'input',
  'description',
  'error',
]
const JUDGES = [
  { value: 'off', label: 'None: people alone' },
  { value: 'policy', label: 'The policy itself' },
  { value: 'endpoint', label: 'The model of this server’s operator' },
]

type NumberName = Exclude<
  { [Name in keyof Recipe]: Recipe[Name] extends number ? Name : never }[keyof Recipe],
  undefined
>

/** How a round is run, field by field. */
export function RecipeFields({ recipe, faultOf, onChange }: RecipeFieldsProps) {
  const number = (
    name: NumberName,
    label: string,
    description: string,
    bounds: { min: number; max?: number; step?: number },
  ) => (
    <NumberInput
      inputWrapperOrder={ORDER}
      label={label}
      description={description}
      {...bounds}
      value={recipe[name]}
      error={faultOf(name)}
      onChange={(value) => typeof value === 'number' && onChange({ ...recipe, [name]: value })}
    />
  )
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} verticalSpacing="md">
        {number('k', 'Answers a prompt (K)', '2 to 9', { min: 2, max: 9 })}
        {number('comparisons', 'Comparisons', 'prompts that are answered and ranked', {
          min: 1,
          max: 100_000,
        })}
        {number('overlap', 'Overlap', 'people who rank each comparison', { min: 1, max: 50 })}
        {number(
          'heldout_share',
          'Held-out share',
          'of the comparisons; only measures the reward model',
          { min: 0, max: 0.5, step: 0.05 },
        )}
        <TemperaturesField
          temperatures={recipe.temperatures}
          fault={faultOf('temperatures')}
          onChange={(temperatures) => onChange({ ...recipe, temperatures })}
        />
        {number('top_p', 'Top p', '1 samples from every token', { min: 0.01, max: 1, step: 0.05 })}
        {number('max_new_tokens', 'Longest answer', 'in tokens', { min: 1, max: 8192 })}
        {number(
          'policy_prompts',
          'Prompts to answer anew',
          'for methods that learn from fresh answers',
          { min: 1, max: 100_000 },
        )}
        <Select
          inputWrapperOrder={ORDER}
          label="Judge"
          description="a language model that ranks the answers too"
          value={recipe.judge}
          error={faultOf('judge')}
          allowDeselect={false}
          onChange={(judge) => judge && onChange({ ...recipe, judge: judge as Recipe['judge'] })}
          data={JUDGES}
        />
        {number('seed', 'Seed', 'the same seed draws the same', { min: 0 })}
      </SimpleGrid>
      <MethodList methods={recipe.method} onChange={(method) => onChange({ ...recipe, method })} />
      <Switch
        label="Train LoRA adapters instead of all weights"
        checked={recipe.lora}
        onChange={(event) => onChange({ ...recipe, lora: event.currentTarget.checked })}
      />
      <Switch
        label="Train a safety reward model too"
        description="from what annotators say of each answer’s safety; it decides alone where an answer is likely unsafe"
        checked={recipe.safety}
        onChange={(event) => onChange({ ...recipe, safety: event.currentTarget.checked })}
      />
      <ParamsField
        params={recipe.params}
        fault={faultOf('params')}
        onChange={(params) => onChange({ ...recipe, params })}
      />
    </>
  )
}

interface TemperaturesFieldProps {
  temperatures: number[]
  fault: string | null
  onChange: (value: number[]) => void
}

function TemperaturesField(props: TemperaturesFieldProps) {
  const [text, setText] = useState(props.temperatures.join(', '))
  const parsed = parseTemperatures(text)
  return (
    <TextInput
      inputWrapperOrder={ORDER}
      label="Temperatures"
      description="dealt to the K answers in turn"
      value={text}
      error={parsed === null ? 'Numbers from 0 to 5, with commas between.' : props.fault}
      onChange={(event) => {
        setText(event.currentTarget.value)
        const temperatures = parseTemperatures(event.currentTarget.value)
        if (temperatures) props.onChange(temperatures)
      }}
    />
  )
}

/** What the stages are told, as JSON; half-written it is told to nobody. */
export function ParamsField(props: {
  params: Recipe['params']
  fault?: string | null
  onChange: (value: Recipe['params']) => void
}) {
  const [text, setText] = useState(JSON.stringify(props.params, null, 2))
  return (
    <JsonInput
      label="Hyper-parameters of the stages"
      description='An object such as {"dpo": {"beta": 0.1}}; what is not named keeps its default.'
      autosize
      minRows={2}
      maxRows={12}
      value={text}
      error={props.fault}
      validationError="This is not JSON yet."
      onChange={(value) => {
        setText(value)
        try {
          props.onChange(JSON.parse(value) as Recipe['params'])
        } catch {
          // Half-written JSON is kept in the field and told there.
        }
      }}
    />
  )
}
