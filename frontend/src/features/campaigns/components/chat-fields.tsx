import { Button, NumberInput, Select, SimpleGrid, TextInput } from '@mantine/core'
import { useQuery } from '@tanstack/react-query'
import { checkpointsQuery } from '@/features/campaigns/api/checkpoints'
import type { ChatSettings, ChatSource } from '@/lib/types'
import classes from './form.module.css'

const KINDS: Record<ChatSource['from'], string> = {
  champion: 'The champion',
  checkpoint: 'Another checkpoint',
  endpoint: 'A model on a server',
}
const MOST_SOURCES = 9

interface ChatFieldsProps {
  campaign: number
  chat: ChatSettings
  faultOf: (path: string) => string | null
  onChange: (chat: ChatSettings) => void
}

/** How a chat campaign talks: how long, and who writes the replies. */
export function ChatFields({ campaign, chat, faultOf, onChange }: ChatFieldsProps) {
  const number = (name: 'turns' | 'prompt_min' | 'prompt_max', label: string, most: number) => (
    <NumberInput
      label={label}
      min={1}
      max={most}
      allowDecimal={false}
      value={chat[name]}
      error={faultOf(name)}
      onChange={(value) => typeof value === 'number' && onChange({ ...chat, [name]: value })}
    />
  )
  const setSource = (at: number, source: ChatSource) =>
    onChange({ ...chat, sources: chat.sources.with(at, source) })
  return (
    <>
      <SimpleGrid cols={{ base: 1, xs: 3 }} verticalSpacing="md">
        {number('turns', 'Turns of a conversation', 50)}
        {number('prompt_min', 'Shortest message', 16_000)}
        {number('prompt_max', 'Longest message', 16_000)}
      </SimpleGrid>
      <h3>Who writes the replies</h3>
      <p className={classes.quiet}>
        The replies of a turn are dealt to these in turn, as the temperatures below are; annotators
        never learn which wrote which. K and the temperatures stand with the defaults of a new
        round.
      </p>
      {chat.sources.map((source, at) => (
        <SourceFields
          key={at}
          campaign={campaign}
          source={source}
          place={at + 1}
          faultOf={(key) => faultOf(key === '' ? `sources[${at}]` : `sources[${at}].${key}`)}
          onChange={(changed) => setSource(at, changed)}
          onRemove={
            chat.sources.length > 1
              ? () => onChange({ ...chat, sources: chat.sources.toSpliced(at, 1) })
              : null
          }
        />
      ))}
      {chat.sources.length < MOST_SOURCES && (
        <Button
          variant="default"
          size="sm"
          className={classes.action}
          onClick={() => onChange({ ...chat, sources: [...chat.sources, { from: 'champion' }] })}
        >
          Add who else replies
        </Button>
      )}
    </>
  )
}

interface SourceFieldsProps {
  campaign: number
  source: ChatSource
  place: number
  faultOf: (key: string) => string | null
  onChange: (source: ChatSource) => void
  onRemove: (() => void) | null
}

function SourceFields({ source, place, faultOf, onChange, ...props }: SourceFieldsProps) {
  return (
    <fieldset className={classes.row} style={{ border: 0, margin: 0, padding: 0 }}>
      <legend className="visually-hidden">Source {place}</legend>
      <Select
        label={`Source ${place}`}
        value={source.from}
        error={faultOf('')}
        allowDeselect={false}
        data={Object.entries(KINDS).map(([value, label]) => ({ value, label }))}
        onChange={(from) => onChange(newSource(from as ChatSource['from']))}
      />
      {source.from === 'checkpoint' && (
        <CheckpointField
          campaign={props.campaign}
          source={source}
          error={faultOf('checkpoint')}
          onChange={onChange}
        />
      )}
      {source.from === 'endpoint' && (
        <>
          <TextInput
            className={classes.grow}
            label="Base address"
            placeholder="http://gpu1:8000/v1"
            value={source.url}
            error={faultOf('url')}
            onChange={(event) => onChange({ ...source, url: event.currentTarget.value })}
          />
          <TextInput
            label="Model"
            value={source.model}
            error={faultOf('model')}
            onChange={(event) => onChange({ ...source, model: event.currentTarget.value })}
          />
        </>
      )}
      {props.onRemove && (
        <Button variant="default" onClick={props.onRemove} aria-label={`Remove source ${place}`}>
          Remove
        </Button>
      )}
    </fieldset>
  )
}

function newSource(from: ChatSource['from']): ChatSource {
  if (from === 'checkpoint') return { from, checkpoint: 0 }
  return from === 'endpoint' ? { from, url: '', model: '' } : { from }
}

interface CheckpointFieldProps {
  campaign: number
  source: Extract<ChatSource, { from: 'checkpoint' }>
  error: string | null
  onChange: (source: ChatSource) => void
}

function CheckpointField({ campaign, source, error, onChange }: CheckpointFieldProps) {
  const { data = [] } = useQuery(checkpointsQuery(campaign))
  const policies = data.filter((checkpoint) => checkpoint.kind === 'policy')
  return (
    <Select
      className={classes.grow}
      label="Checkpoint"
      placeholder={policies.length === 0 ? 'None before the first round' : 'Choose one'}
      value={source.checkpoint > 0 ? String(source.checkpoint) : null}
      error={error}
      allowDeselect={false}
      data={policies.map(({ id, name }) => ({ value: String(id), label: `${name} (${id})` }))}
      onChange={(value) => onChange({ ...source, checkpoint: Number(value) })}
    />
  )
}
