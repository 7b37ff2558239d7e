// The shapes of the API under the names that the project's own words give them. All come from the
// backend's OpenAPI schema (`npm run types`) but for the websocket's, which OpenAPI cannot say.
import type { components } from './schema'

type Schemas = components['schemas']
/** An answer carries every field; the schema calls those optional that a request may leave out. */
type Answer<Name extends keyof Schemas> = Required<Schemas[Name]>

export type Role = Schemas['RoleEnum']
export type Me = Answer<'Me'>
export type UserAccount = Answer<'User'>
export type NewUser = Answer<'CreatedUser'>

export type RationaleSetting = Schemas['RationaleEnum']
/** A question of the campaign's own about each completion, whole, as the API answers with it. */
export type Attribute = { name: string; label: string; required: boolean } & (
  { kind: 'likert'; levels: number } | { kind: 'choice'; options: string[]; multiple: boolean }
)
export type TaskSettings = Omit<Schemas['Task'], 'attributes'> & { attributes: Attribute[] }
export type Recipe = Schemas['Recipe']
export type RoundState = Schemas['RoundStateEnum']
/** Who writes replies in a chat. */
export type ChatSource =
  | { from: 'champion' }
  | { from: 'checkpoint'; checkpoint: number }
  | { from: 'endpoint'; url: string; model: string }
export type ChatSettings = Omit<Required<Schemas['Chat']>, 'sources'> & { sources: ChatSource[] }
export type CampaignKind = Schemas['CampaignKindEnum']
export type Campaign = Omit<Schemas['Campaign'], 'task' | 'chat'> & {
  task: TaskSettings
  chat: ChatSettings
}
/** What an annotator sees of a campaign they are a member of. */
export type CampaignForMember = Omit<Schemas['CampaignForMember'], 'task'> & {
  task: TaskSettings
}
export type Member = Schemas['Member']
export type Message = Schemas['Message']
export type Prompt = Answer<'Prompt'>
export type PromptPage = Schemas['PaginatedPromptList']
export type ImportReport = Schemas['ImportResult']
export type Checkpoint = Answer<'Checkpoint'>
export type ExportManifest = Schemas['Manifest']

// ---- annotating

export type Completion = Schemas['ShownCompletion']
/** One leased comparison as its annotator sees it: blind, in the order the server drew. */
export type Task = Omit<Schemas['TaskItem'], 'draft'> & { draft?: ServerDraft | null }
export type RankingProgress = Schemas['RankingProgress']
export type Lease = Omit<Schemas['Leased'], 'assignments'> & { assignments: Task[] }
export type Submitted = Schemas['Submitted']
/** A gap between neighbours: a margin level, or null where the two are equal. */
export type Gap = 0 | 1 | 2 | 3 | null
export type AttributeValue = number | string | string[]
/** What is said of the completion at one position; the schema calls every key but that optional. */
export interface Judgement {
  position: number
  safe: boolean | null
  attributes: Record<string, AttributeValue>
  thumb: 'up' | 'down' | null
  flags: { reason: string; note: string }[]
  edit: string | null
}
type Judged<Name extends keyof Schemas, Said = Judgement> = Omit<
  Schemas[Name],
  'gaps' | 'completions'
> & {
  gaps: Gap[]
  completions: Said[]
}
export type Submission = Judged<'SubmitRequest'>
export type Undone = Omit<Judged<'Undone'>, 'assignment'> & { assignment: Task }

/** A draft as the server keeps it; `content` is the page's own, and may be of an older page. */
export interface ServerDraft {
  content: { draft?: unknown; browser?: unknown }
  version: number
  at: string
}
export type DraftStanding = Omit<Schemas['DraftStands'], 'draft'> & { draft: ServerDraft | null }

// ---- chatting

export type ChatTurn = Omit<Schemas['Turn'], 'task'> & { task: Task | null }
export type Conversation = Omit<Schemas['Conversation'], 'turns'> & { turns: ChatTurn[] }
export type Chat = Omit<Schemas['MyChat'], 'conversation'> & { conversation: Conversation | null }

/** One message of a conversation's websocket: the whole, or words that one reply goes on with. */
export type ChatMessage =
  | { kind: 'ping' }
  | { kind: 'conversation'; conversation: Conversation }
  | { kind: 'text'; turn: number; position: number; text: string; restart: boolean }

// ---- one's own work

export type SaidCompletion = Judgement & { text: string }
export type MineAnnotation = Judged<'MineAnnotation', SaidCompletion>
export interface MineAnnotationPage {
  count: number
  results: MineAnnotation[]
}
/** One of one's own annotations, and all that was said of its comparison before. */
export interface OwnAnnotation {
  campaign: number
  annotation: MineAnnotation
  trail: Judged<'Trail'>[]
}
export type OwnPage = Schemas['OwnPage']
export type OwnGold = Omit<Schemas['OwnGold'], 'answers'> & {
  answers: (Omit<Schemas['OwnGoldAnswer'], 'gaps'> & { gaps: Gap[] })[]
}
export type Thread = Schemas['Thread']

// ---- reviewing

type RankedCompletion = Omit<Judgement, 'position'> & { index: number; text: string }
/** An annotation as its reviewers see it, completions best first. */
export type Ranking = Judged<'Ranking', RankedCompletion>
export interface RankingPage {
  count: number
  results: Ranking[]
}
export type Gold = Omit<Schemas['Gold'], 'gaps'> & { gaps: Gap[] }
export type NewGold = Schemas['NewGoldRequest']
export type AnnotatorScore = Schemas['AnnotatorScore']

// ---- rounds

export type Stage =
  | 'sample'
  | 'judge'
  | 'reward'
  | 'safety'
  | 'sft'
  | 'rejection'
  | 'dpo'
  | 'kto'
  | 'online'
  | 'ppo'
  | 'rloo'
  | 'evaluate'
export type StageProgress = Schemas['Progress']
export type Run = Answer<'Run'>
export type Collecting = Schemas['Collecting']
export type RoundEvent = Answer<'RoundEvent'>
export type Round = Omit<Answer<'Round'>, 'runs' | 'events'> & {
  runs: Run[]
  events: RoundEvent[]
}
export type MetricPoint = Schemas['RunMetric']
export type Sample = Schemas['Sample']
export type ScoredReply = Schemas['EvaluatedReply']
export type EvaluationSample = Schemas['EvaluatedPrompt']
export type EvaluationReport = Schemas['Evaluation']

interface LiveEvent<Kind extends string, Payload> {
  seq: number
  at: string
  kind: Kind
  payload: Payload
}

/** One message of the round's websocket; `seq` grows by one within a round, pings have none. */
export type LiveMessage =
  | { kind: 'ping' }
  | LiveEvent<'state', { from: RoundState; to: RoundState; reason: string; actor: string | null }>
  | LiveEvent<'run', { run: Run }>
  | LiveEvent<'progress', { run_id: number; stage: Stage; progress: StageProgress }>
  | LiveEvent<
      'metric',
      { run_id: number; stage: Stage; step: number; values: Record<string, number> }
    >
  | LiveEvent<'collecting', Collecting>
  | LiveEvent<'samples', { completions: Sample[] }>
  /** Not all that was missed is kept any more. */
  | LiveEvent<'reload', Record<string, never>>
