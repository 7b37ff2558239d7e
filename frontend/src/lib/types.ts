// The shapes of the API, by the names that the project's own words give them.

export type Role = 'admin' | 'researcher' | 'annotator'

export interface Me {
  id: number
  username: string
  role: Role
  runs_rounds: boolean
}

export interface UserAccount {
  id: number
  username: string
  role: Role
  is_active: boolean
}

export interface NewUser extends UserAccount {
  password: string | null
}

export type RationaleSetting = 'off' | 'optional' | 'required'

export interface TaskSettings {
  rationale: RationaleSetting
  all_bad: boolean
  skip: boolean
}

export interface Recipe {
  k: number
  comparisons: number
  overlap: number
  heldout_share: number
  temperatures: number[]
  top_p: number
  max_new_tokens: number
  method: string
  lora: boolean
  seed: number
  params: Record<string, Record<string, unknown>>
}

export interface CheckpointRef {
  id: number
  name: string
  digest: string
}

export type RoundState =
  | 'planned'
  | 'sampling'
  | 'collecting'
  | 'training_reward'
  | 'training_policy'
  | 'evaluating'
  | 'deciding'
  | 'closed'
  | 'failed'
  | 'cancelled'

export interface OpenRound {
  id?: number
  number: number
  state: RoundState
}

/** What an annotator sees of a campaign they are a member of. */
export interface CampaignForMember {
  id: number
  name: string
  guidelines: string
  task: TaskSettings
  open_round: OpenRound | null
  mine: { waiting: boolean }
}

export interface Campaign extends CampaignForMember {
  model: string
  recipe: Recipe
  created_at: string
  archived_at: string | null
  champion: CheckpointRef | null
  prompts: { train: number; heldout: number }
  members: number
}

export interface Member {
  user_id: number
  username: string
  role: Role
  joined_at: string
  submitted: number
}

export interface Message {
  role: string
  content: string
}

export interface Prompt {
  id: number
  messages: Message[]
  split: 'train' | 'heldout'
  external_id: string
}

export interface Page<T> {
  count: number
  next: string | null
  previous: string | null
  results: T[]
}

export interface ImportReport {
  added: number
  duplicates: number
  train: number
  heldout: number
}

export interface Checkpoint {
  id: number
  kind: 'policy' | 'reward'
  name: string
  parent: number | null
  round: number | null
  path: string
  digest: string
  metrics: Record<string, unknown>
  created_at: string
  champion: boolean
}

export interface ExportManifest {
  campaign: unknown
  format: string
  rows: number
  rankings: number
  sha256: string
  margin_levels: Record<string, number>
  rounds: {
    number: number
    snapshot: string | null
    checkpoint: { name: string; digest: string } | null
  }[]
}

// ---- annotating

export interface Completion {
  position: number
  text: string
}

/** One leased comparison as its annotator sees it: blind, in the order the server drew. */
export interface Task {
  uid: string
  deadline: string
  prompt: Message[]
  completions: Completion[]
}

export interface RankingProgress {
  round: number | null
  state: string | null
  mine: number
  mine_total: number | null
  done: number
  wanted: number
  waiting: boolean
  reason: 'ok' | 'no_open_round' | 'all_done_for_you' | 'round_full'
}

export interface Lease {
  assignments: Task[]
  progress: RankingProgress
}

/** A gap between neighbours: a margin level, or null where the two are equal. */
export type Gap = 0 | 1 | 2 | 3 | null

export interface Submission {
  client_id: string
  ranking: number[]
  gaps: Gap[]
  all_bad: boolean
  rationale: string
  active_seconds: number
}

export interface Undone {
  assignment: Task
  ranking: number[]
  gaps: Gap[]
  all_bad: boolean
  rationale: string
}

// ---- rounds

export type Stage = 'sample' | 'reward' | 'dpo' | 'evaluate'
export type RunState = 'queued' | 'running' | 'succeeded' | 'failed' | 'cancelled'

export interface StageProgress {
  phase?: string
  step?: number
  total?: number
  unit?: string
  seconds?: number
  eta_seconds?: number
  tokens_per_second?: number
  metrics?: Record<string, number>
  error?: string
}

export interface Run {
  id: number
  stage: Stage
  state: RunState
  attempt: number
  progress: StageProgress
  error: string
  metrics: Record<string, unknown> | null
  queued_at: string
  started_at: string | null
  ended_at: string | null
}

export interface Collecting {
  comparisons: number
  wanted: number
  submitted: number
  leased: number
  retired: number
  per_minute?: number
}

export interface RoundEvent {
  from_state: string
  to_state: RoundState
  actor: string | null
  reason: string
  at: string
}

export interface Round {
  id: number
  campaign: { id: number; name: string }
  number: number
  state: RoundState
  recipe: Recipe
  start_policy: CheckpointRef
  challenger: CheckpointRef | null
  reward_model: CheckpointRef | null
  failed_in: RoundState | ''
  failure: string
  created_at: string
  entered_at: string
  collecting: Collecting
  runs: Run[]
  events: RoundEvent[]
  evaluation: { metrics: Record<string, unknown> } | null
  last_seq: number
}

export interface MetricPoint {
  step: number
  values: Record<string, number>
  at: string
}

export interface Sample {
  prompt: string
  text: string
  temperature: number
  finish: string
}

export interface ScoredReply {
  text: string
  reward: number
  finish: string
}

export interface EvaluationSample {
  messages: Message[]
  challenger: ScoredReply
  start: ScoredReply
  base?: ScoredReply
}

export interface EvaluationReport {
  metrics: Record<string, unknown>
  samples: EvaluationSample[]
}

/** One message of the round's websocket; `seq` grows by one within a round, pings have none. */
export type LiveMessage =
  | { kind: 'ping' }
  | { seq: number; at: string; kind: 'state'; payload: StateMove }
  | { seq: number; at: string; kind: 'run'; payload: { run: Run } }
  | {
      seq: number
      at: string
      kind: 'progress'
      payload: { run_id: number; stage: Stage; progress: StageProgress }
    }
  | {
      seq: number
      at: string
      kind: 'metric'
      payload: { run_id: number; stage: Stage; step: number; values: Record<string, number> }
    }
  | { seq: number; at: string; kind: 'collecting'; payload: Collecting }
  | { seq: number; at: string; kind: 'samples'; payload: { completions: Sample[] } }

export interface StateMove {
  from: string
  to: RoundState
  reason: string
  actor: string | null
}
