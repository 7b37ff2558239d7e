import { JsonInput, NumberInput, Select, SimpleGrid, Switch, TextInput } from '@mantine/core'
import { useState } from 'react'
import { MethodList } from '@/components/method-list'
import { parseTemperatures } from '@/lib/temperatures'
import type { Recipe } from '@/lib/types'

interface RecipeFieldsProps {
  recipe: Recipe
  onChange: (recipe: Recipe) => void
}

/** The explanation under the field keeps the fields of a row in line. */
const ORDER: ('label' | 'input' | 'description' | 'error')[] = [
  'label',
  'input',
  'description',
  'error',
]

/** How a round is run, field by field. */
export function RecipeFields({ recipe, onChange }: RecipeFieldsProps) {
  const number = (name: keyof Recipe) => (value: number | string) =>
    typeof value === 'number' && onChange({ ...recipe, [name]: value })
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 2, md: 3 }} verticalSpacing="md">
        <NumberInput
          inputWrapperOrder={ORDER}
          label="Answers a prompt (K)"
          description="2 to 9"
          min={2}
          max={9}
          value={recipe.k}
          onChange={number('k')}
        />
        <NumberInput
          inputWrapperOrder={ORDER}
          label="Comparisons"
          description="prompts that are answered and ranked"
          min={1}
          max={100_000}
          value={recipe.comparisons}
          onChange={number('comparisons')}
        />
        <NumberInput
          inputWrapperOrder={ORDER}
          label="Overlap"
          description="people who rank each comparison"
          min={1}
          max={50}
          value={recipe.overlap}
          onChange={number('overlap')}
        />
        <NumberInput
          inputWrapperOrder={ORDER}
          label="Held-out share"
          description="of the comparisons; only measures the reward model"
          min={0}
          max={0.5}
          step={0.05}
          value={recipe.heldout_share}
          onChange={number('heldout_share')}
        />
        <TemperaturesField
          temperatures={recipe.temperatures}
          onChange={(temperatures) => onChange({ ...recipe, temperatures })}
        />
        <NumberInput
          inputWrapperOrder={ORDER}
          label="Top p"
          description="1 samples from every token"
          min={0.01}
          max={1}
          step={0.05}
          value={recipe.top_p}
          onChange={number('top_p')}
        />
        <NumberInput
          inputWrapperOrder={ORDER}
          label="Longest answer"
          description="in tokens"
          min={1}
          max={8192}
          value={recipe.max_new_tokens}
          onChange={number('max_new_tokens')}
        />
        <NumberInput
          inputWrapperOrder={ORDER}
          label="Prompts to answer anew"
          description="for methods that learn from fresh answers"
          min={1}
          max={100_000}
          value={recipe.policy_prompts}
          onChange={number('policy_prompts')}
        />
        <Select
          inputWrapperOrder={ORDER}
          label="Judge"
          description="a language model that ranks the answers too"
          value={recipe.judge}
          allowDeselect={false}
          onChange={(judge) => judge && onChange({ ...recipe, judge: judge as Recipe['judge'] })}
          data={[
            { value: 'off', label: 'None: people alone' },
            { value: 'policy', label: 'The policy itself' },
            { value: 'endpoint', label: 'The model of this server’s operator' },
          ]}
        />
        <NumberInput
          inputWrapperOrder={ORDER}
          label="Seed"
          description="the same seed draws the same"
          min={0}
          value={recipe.seed}
          onChange={number('seed')}
        />
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
      <ParamsField params={recipe.params} onChange={(params) => onChange({ ...recipe, params })} />
    </>
  )
}

function TemperaturesField(props: { temperatures: number[]; onChange: (value: number[]) => void }) {
  const [text, setText] = useState(props.temperatures.join(', '))
  const parsed = parseTemperatures(text)
  return (
    <TextInput
      inputWrapperOrder={ORDER}
      label="Temperatures"
      description="dealt to the K answers in turn"
      value={text}
      error={parsed === null && 'Numbers from 0 to 5, with commas between.'}
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
