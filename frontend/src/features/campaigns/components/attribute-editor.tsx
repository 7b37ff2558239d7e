import { Button, NumberInput, Select, Switch, TextInput } from '@mantine/core'
import { useState } from 'react'
import type { Kind } from '@/features/campaigns/model/attributes'
import {
  kindOf,
  MAX_ATTRIBUTES,
  moved,
  newAttribute,
  relabelled,
  withKind,
} from '@/features/campaigns/model/attributes'
import { newUuid } from '@/lib/new-uuid'
import type { Attribute } from '@/lib/types'
import classes from './attribute-editor.module.css'
import { LinesField } from './lines-field'

const KINDS: { value: Kind; label: string }[] = [
  { value: 'scale', label: 'A scale' },
  { value: 'one', label: 'One of some options' },
  { value: 'many', label: 'Any of some options' },
]

/** What the API says of the setting at a path under `task`, if it refused it. */
export type FaultOf = (path: string) => string | null

interface AttributeEditorProps {
  attributes: Attribute[]
  faultOf: FaultOf
  onChange: (attributes: Attribute[]) => void
}

/** The campaign's own questions about each answer, in the order in which they are asked. */
export function AttributeEditor({ attributes, faultOf, onChange }: AttributeEditorProps) {
  // What is removed or moved takes its fields along.
  const [ids, setIds] = useState(() => attributes.map(() => newUuid()))
  const change = (next: Attribute[], nextIds: string[]) => {
    setIds(nextIds)
    onChange(next)
  }
  const move = (from: number, to: number) =>
    change(moved(attributes, from, to), moved(ids, from, to))
  const fault = faultOf('attributes')
  return (
    <fieldset className={classes.set}>
      <legend>Questions of your own about each answer</legend>
      {attributes.length === 0 && <p className={classes.quiet}>None yet.</p>}
      <ol className={classes.list}>
        {attributes.map((attribute, index) => (
          <li key={ids[index]} className={classes.item}>
            <AttributeFields
              attribute={attribute}
              faultOf={(key) => faultOf(`attributes[${index}]${key && `.${key}`}`)}
              onChange={(changed) => onChange(attributes.with(index, changed))}
            />
            <div className={classes.actions}>
              <Button
                size="compact-sm"
                variant="default"
                disabled={index === 0}
                aria-label={`Move ${nameFor(attribute, index)} up`}
                onClick={() => move(index, index - 1)}
              >
                Up
              </Button>
              <Button
                size="compact-sm"
                variant="default"
                disabled={index === attributes.length - 1}
                aria-label={`Move ${nameFor(attribute, index)} down`}
                onClick={() => move(index, index + 1)}
              >
                Down
              </Button>
              <Button
                size="compact-sm"
                variant="default"
                aria-label={`Remove ${nameFor(attribute, index)}`}
                onClick={() =>
                  change(
                    attributes.filter((_, other) => other !== index),
                    ids.filter((_, other) => other !== index),
                  )
                }
              >
                Remove
              </Button>
            </div>
          </li>
        ))}
      </ol>
      {fault && <p role="alert">{fault}</p>}
      <Button
        size="compact-md"
        variant="default"
        className={classes.add}
        disabled={attributes.length >= MAX_ATTRIBUTES}
        onClick={() => change([...attributes, newAttribute()], [...ids, newUuid()])}
      >
        Add a question
      </Button>
    </fieldset>
  )
}

const nameFor = (attribute: Attribute, index: number) => attribute.label || `question ${index + 1}`

interface AttributeFieldsProps {
  attribute: Attribute
  faultOf: FaultOf
  onChange: (attribute: Attribute) => void
}

function AttributeFields({ attribute, faultOf, onChange }: AttributeFieldsProps) {
  return (
    <>
      <div className={classes.fields}>
        <TextInput
          label="What is asked"
          maxLength={80}
          value={attribute.label}
          error={faultOf('label') ?? faultOf('')}
          onChange={(event) => onChange(relabelled(attribute, event.currentTarget.value))}
        />
        <TextInput
          label="Name in the data"
          value={attribute.name}
          maxLength={40}
          error={faultOf('name')}
          onChange={(event) => onChange({ ...attribute, name: event.currentTarget.value })}
        />
        <Select
          label="Answered with"
          data={KINDS}
          allowDeselect={false}
          value={kindOf(attribute)}
          onChange={(kind) => onChange(withKind(attribute, (kind ?? 'scale') as Kind))}
        />
        {attribute.kind === 'likert' && (
          <NumberInput
            label="Levels"
            min={2}
            max={10}
            value={attribute.levels}
            error={faultOf('levels')}
            onChange={(levels) => typeof levels === 'number' && onChange({ ...attribute, levels })}
          />
        )}
      </div>
      {attribute.kind === 'choice' && (
        <LinesField
          label="Options, one a line"
          lines={attribute.options}
          error={faultOf('options')}
          onChange={(options) => onChange({ ...attribute, options })}
        />
      )}
      <Switch
        label="An answer is needed"
        checked={attribute.required}
        onChange={(event) => onChange({ ...attribute, required: event.currentTarget.checked })}
      />
    </>
  )
}
