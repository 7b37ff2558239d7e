import type { Attribute } from '@/lib/types'

export const MAX_ATTRIBUTES = 12

/** A name in the data out of a label: "Is it honest?" gives is_it_honest. Letters of other scripts have none. */
export function nameOf(label: string): string {
  const ascii = label.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase()
  return ascii
    .replace(/[^a-z0-9]+/g, '_')
    .replace(/^[^a-z]+|_+$/g, '')
    .slice(0, 40)
}

export const newAttribute = (): Attribute => ({
  name: '',
  label: '',
  kind: 'likert',
  levels: 5,
  required: false,
})

/** The attribute with another label; its name follows as long as it was made from the label. */
export function relabelled(attribute: Attribute, label: string): Attribute {
  const follows = attribute.name === nameOf(attribute.label)
  return { ...attribute, label, name: follows ? nameOf(label) : attribute.name }
}

export const KINDS = ['scale', 'one', 'many'] as const
/** What a person tells apart: a scale, one of some options, any of them. */
export type Kind = (typeof KINDS)[number]

export function kindOf(attribute: Attribute): Kind {
  if (attribute.kind === 'likert') return 'scale'
  return attribute.multiple ? 'many' : 'one'
}

export function withKind(attribute: Attribute, kind: Kind): Attribute {
  const { name, label, required } = attribute
  if (kind === 'scale') {
    const levels = attribute.kind === 'likert' ? attribute.levels : 5
    return { name, label, required, kind: 'likert', levels }
  }
  const options = attribute.kind === 'choice' ? attribute.options : []
  return { name, label, required, kind: 'choice', options, multiple: kind === 'many' }
}

/** The list with the item at `from` at `to`. */
export function moved<T>(items: T[], from: number, to: number): T[] {
  const without = items.filter((_, index) => index !== from)
  return [...without.slice(0, to), ...items.slice(from, from + 1), ...without.slice(to)]
}

/** One text a line, blanks at the ends and empty lines dropped. */
export const linesOf = (text: string): string[] =>
  text
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean)
