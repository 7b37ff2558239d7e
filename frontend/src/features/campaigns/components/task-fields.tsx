import { NumberInput, Select, Switch } from '@mantine/core'
import type { TaskSettings } from '@/lib/types'
import type { FaultOf } from './attribute-editor'
import { AttributeEditor } from './attribute-editor'
import classes from './form.module.css'
import { LinesField } from './lines-field'

interface TaskFieldsProps {
  task: TaskSettings
  faultOf: FaultOf
  onChange: (task: TaskSettings) => void
}

const JUDGED = {
  off: 'A ranking with margins',
  beside: 'A ranking, and a thumb up or down if one likes',
  instead: 'A thumb up or down for each, and no ranking',
}
const SAFETY = {
  off: 'Not asked',
  on: 'If the annotator likes',
  required: 'Needed of every answer',
}
const RATIONALE = { off: 'Not asked for', optional: 'If the annotator likes', required: 'Needed' }

const optionsOf = (labels: Record<string, string>) =>
  Object.entries(labels).map(([value, label]) => ({ value, label }))

/** What the ranking page asks. What is off is not on the page at all. */
export function TaskFields({ task, faultOf, onChange }: TaskFieldsProps) {
  const choice = <Name extends 'thumbs' | 'safety' | 'rationale'>(
    name: Name,
    label: string,
    labels: Record<TaskSettings[Name], string>,
    description?: string,
  ) => (
    <Select
      label={label}
      description={description}
      value={task[name]}
      error={faultOf(name)}
      allowDeselect={false}
      data={optionsOf(labels)}
      onChange={(value) => onChange({ ...task, [name]: value ?? task[name] })}
    />
  )
  const toggle = (
    name: 'all_bad' | 'skip' | 'flag' | 'edit' | 'difference' | 'agreement_shown' | 'show_gold',
  ) => ({
    checked: task[name],
    onChange: (event: { currentTarget: HTMLInputElement }) =>
      onChange({ ...task, [name]: event.currentTarget.checked }),
  })
  return (
    <>
      <h3>About the comparison</h3>
      {choice('thumbs', 'How answers are judged', JUDGED)}
      {choice('rationale', 'A reason for each ranking', RATIONALE)}
      <Switch label="“All bad” can be marked" {...toggle('all_bad')} />
      <Switch label="A comparison may be skipped" {...toggle('skip')} />
      <h3>About each answer</h3>
      {choice(
        'safety',
        'Whether it is safe',
        SAFETY,
        'From this follow the three bins of Llama 2: both safe, one safe, none.',
      )}
      <AttributeEditor
        attributes={task.attributes}
        faultOf={faultOf}
        onChange={(attributes) => onChange({ ...task, attributes })}
      />
      <Switch label="An answer can be flagged, with a reason and a note" {...toggle('flag')} />
      {(task.flag || faultOf('flag_reasons')) && (
        <LinesField
          label="Reasons to flag, one a line"
          lines={task.flag_reasons}
          error={faultOf('flag_reasons')}
          onChange={(flag_reasons) => onChange({ ...task, flag_reasons })}
        />
      )}
      <Switch
        label="An answer can be edited into a better one"
        description="Edits are exported as demonstrations (SFT)."
        {...toggle('edit')}
      />
      <h3>About the page</h3>
      <Switch label="Word-level differences can be marked" {...toggle('difference')} />
      <Switch
        label="Annotators see how often they agree with others"
        description="On their own page, and only for rounds that no longer collect."
        {...toggle('agreement_shown')}
      />
      <Switch
        label="Annotators see how often they agree with gold"
        description="Likewise; with the gold ranking and its reason beside their own."
        {...toggle('show_gold')}
      />
      <NumberInput
        label="A break is proposed after"
        description="In minutes; 0 for never."
        suffix=" min"
        min={0}
        max={240}
        className={classes.short}
        value={task.break_minutes}
        error={faultOf('break_minutes')}
        onChange={(minutes) =>
          typeof minutes === 'number' && onChange({ ...task, break_minutes: minutes })
        }
      />
    </>
  )
}
