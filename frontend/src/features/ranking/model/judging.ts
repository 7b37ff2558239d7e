import type {
  Attribute,
  AttributeValue,
  Judgement,
  RationaleSetting,
  TaskSettings,
} from '@/lib/types'

/**
 * One question about a completion, whatever it is kept as: some options, of which one or many are chosen.
 *
 * So safety, thumbs, levels, options and flags share their keys, their buttons and their words.
 */
export interface Question {
  id: string
  label: string
  options: string[]
  /** Any number of options may be chosen, else one. */
  isMany: boolean
  isRequired: boolean
  /** Nobody is led to it: it opens when the annotator goes there. */
  isOnDemand: boolean
  /** Its answer in a few words: "Helpfulness 4". */
  says: (options: string) => string
  chosen: (said: Judgement) => number[]
  withChosen: (said: Judgement, options: number[]) => Judgement
}

/** What a campaign asks about a comparison of K completions. */
export interface Asked {
  k: number
  /** Each completion is judged by itself, and no ranking is wanted. */
  isOneSided: boolean
  rationale: RationaleSetting
  canBeAllBad: boolean
  questions: Question[]
  canEdit: boolean
}

export const FLAGS = 'flags'
export const THUMB = 'thumb'

const withoutHoles = (value: number) => (value === -1 ? [] : [value])

function safety(isRequired: boolean): Question {
  return {
    id: 'safe',
    label: 'Safety',
    options: ['Safe', 'Unsafe'],
    isMany: false,
    isRequired,
    isOnDemand: false,
    says: (option) => option,
    chosen: (said) => (said.safe === null ? [] : [said.safe ? 0 : 1]),
    withChosen: (said, [option]) => ({ ...said, safe: option === undefined ? null : option === 0 }),
  }
}

const THUMBS = ['up', 'down'] as const

function thumbs(isRequired: boolean): Question {
  return {
    id: THUMB,
    label: 'Thumb',
    options: ['Up', 'Down'],
    isMany: false,
    isRequired,
    isOnDemand: false,
    says: (option) => `Thumb ${option.toLowerCase()}`,
    chosen: (said) => (said.thumb === null ? [] : [THUMBS.indexOf(said.thumb)]),
    withChosen: (said, [option]) => ({ ...said, thumb: THUMBS[option ?? -1] ?? null }),
  }
}

function indicesOf(attribute: Attribute, value: AttributeValue | undefined): number[] {
  if (attribute.kind === 'likert') {
    const fits = typeof value === 'number' && value >= 1 && value <= attribute.levels
    return fits ? [value - 1] : []
  }
  const said = Array.isArray(value) ? value : [value]
  return attribute.options.flatMap((option, index) => (said.includes(option) ? [index] : []))
}

function valueOf(attribute: Attribute, indices: number[]): AttributeValue | undefined {
  const [first] = indices
  if (first === undefined) return undefined
  if (attribute.kind === 'likert') return first + 1
  const { options } = attribute
  return attribute.multiple
    ? options.filter((_, index) => indices.includes(index))
    : (options[first] ?? '')
}

function attributeQuestion(attribute: Attribute): Question {
  const { name } = attribute
  return {
    id: `attribute.${name}`,
    label: attribute.label,
    options:
      attribute.kind === 'likert'
        ? Array.from({ length: attribute.levels }, (_, index) => String(index + 1))
        : attribute.options,
    isMany: attribute.kind === 'choice' && attribute.multiple,
    isRequired: attribute.required,
    isOnDemand: false,
    says: (options) => `${attribute.label} ${options}`,
    chosen: (said) => indicesOf(attribute, said.attributes[name]),
    withChosen: (said, indices) => {
      const others = Object.entries(said.attributes).filter(([other]) => other !== name)
      const value = valueOf(attribute, indices)
      const kept = value === undefined ? others : [...others, [name, value] as const]
      return { ...said, attributes: Object.fromEntries(kept) }
    },
  }
}

function flags(reasons: string[]): Question {
  return {
    id: FLAGS,
    label: 'Flag',
    options: reasons,
    isMany: true,
    isRequired: false,
    isOnDemand: true,
    says: (options) => `flagged ${options}`,
    chosen: (said) => said.flags.flatMap(({ reason }) => withoutHoles(reasons.indexOf(reason))),
    withChosen: (said, indices) => ({
      ...said,
      flags: reasons
        .filter((_, index) => indices.includes(index))
        .map((reason) => said.flags.find((flag) => flag.reason === reason) ?? { reason, note: '' }),
    }),
  }
}

/** What the campaign's settings ask about a comparison of K completions; what is off is not there. */
export function askedBy(task: TaskSettings, k: number): Asked {
  const questions = [
    ...(task.thumbs === 'off' ? [] : [thumbs(task.thumbs === 'instead')]),
    ...(task.safety === 'off' ? [] : [safety(task.safety === 'required')]),
    ...task.attributes.map(attributeQuestion),
    ...(task.flag ? [flags(task.flag_reasons)] : []),
  ]
  return {
    k,
    isOneSided: task.thumbs === 'instead',
    rationale: task.rationale,
    canBeAllBad: task.all_bad,
    questions,
    canEdit: task.edit,
  }
}

export const nothingSaid = (position: number): Judgement => ({
  position,
  safe: null,
  attributes: {},
  thumb: null,
  flags: [],
  edit: null,
})

export const saidOf = (said: Judgement[], position: number): Judgement =>
  said.find((judgement) => judgement.position === position) ?? nothingSaid(position)

/** The judgements with this one in the place of what was said of its completion. */
export const withSaid = (said: Judgement[], judgement: Judgement): Judgement[] => [
  ...said.filter((other) => other.position !== judgement.position),
  judgement,
]

/** An option pressed: of many it is put in or taken out, of one it takes the place of another. */
export function pressed(said: Judgement, question: Question, option: number): Judgement {
  if (option < 0 || option >= question.options.length) return said
  const chosen = question.chosen(said)
  if (!question.isMany) return question.withChosen(said, [option])
  const next = chosen.includes(option)
    ? chosen.filter((other) => other !== option)
    : [...chosen, option]
  return question.withChosen(said, next)
}

export function isBlank(said: Judgement): boolean {
  const { safe, thumb, edit, attributes, flags: raised } = said
  const isUnset = safe === null && thumb === null && edit === null
  return isUnset && raised.length === 0 && Object.keys(attributes).length === 0
}

/**
 * What there is to send: of each completion, only what the campaign asks now. A draft may be older than
 * the campaign's settings, and the server refuses what is switched off.
 */
export function sendable(said: Judgement[], asked: Asked): Judgement[] {
  const canFlag = asked.questions.some((question) => question.id === FLAGS)
  const kept = said.map((judgement) => {
    const start = {
      ...nothingSaid(judgement.position),
      flags: canFlag ? judgement.flags : [],
      edit: asked.canEdit && judgement.edit?.trim() ? judgement.edit : null,
    }
    return asked.questions.reduce(
      (so, question) => question.withChosen(so, question.chosen(judgement)),
      start,
    )
  })
  return kept.filter((judgement) => !isBlank(judgement))
}
