export interface Piece {
  text: string
  /** Whether the other text has nothing like it at this place. */
  isOwn: boolean
}

export interface Change {
  text: string
  kind: 'same' | 'removed' | 'added'
}

/** The table of the longest common subsequence costs one product of the two lengths: this is a second at most. */
const MOST_CELLS = 4_000_000

/** Words, runs of blanks, and every other sign by itself; letters of every script make words. */
const TOKENS = /\s+|[\p{L}\p{N}\p{M}_]+(?:['’][\p{L}]+)*|[^\s\p{L}\p{N}\p{M}_]/gu

export const tokensOf = (text: string): string[] => text.match(TOKENS) ?? []

/**
 * How `from` becomes `to`, word by word: what is outside a longest common subsequence of the two is
 * removed or added. Null when the texts are too long for that.
 */
export function wordChanges(from: string, to: string): Change[] | null {
  const [old, fresh] = [tokensOf(from), tokensOf(to)]
  if ((old.length + 1) * (fresh.length + 1) > MOST_CELLS) return null
  const lengths = commonLengths(old, fresh)
  const width = fresh.length + 1
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0
  const changes: Change[] = []
  let [i, j] = [0, 0]
  while (i < old.length || j < fresh.length) {
    if (i < old.length && j < fresh.length && old[i] === fresh[j]) {
      append(changes, old[i++] ?? '', 'same')
      j += 1
    } else if (i < old.length && (j >= fresh.length || at(i + 1, j) >= at(i, j + 1))) {
      append(changes, old[i++] ?? '', 'removed')
    } else {
      append(changes, fresh[j++] ?? '', 'added')
    }
  }
  return changes
}

/** `text` in pieces, those marked that `other` lacks. Null when the texts are too long for that. */
export function wordDiff(text: string, other: string): Piece[] | null {
  const changes = wordChanges(text, other)
  if (!changes) return null
  const ours: Change[] = []
  for (const change of changes) if (change.kind !== 'added') append(ours, change.text, change.kind)
  return ours.map((change) => ({ text: change.text, isOwn: change.kind === 'removed' }))
}

/** Cell (i, j): how long the longest common subsequence of the rests from i and from j is. */
function commonLengths(ours: string[], theirs: string[]): Uint16Array {
  const width = theirs.length + 1
  const lengths = new Uint16Array((ours.length + 1) * width)
  for (let i = ours.length - 1; i >= 0; i--) {
    for (let j = theirs.length - 1; j >= 0; j--) {
      lengths[i * width + j] =
        ours[i] === theirs[j]
          ? (lengths[(i + 1) * width + j + 1] ?? 0) + 1
          : Math.max(lengths[(i + 1) * width + j] ?? 0, lengths[i * width + j + 1] ?? 0)
    }
  }
  return lengths
}

/** Neighbours of one kind make one piece. */
function append(changes: Change[], text: string, kind: Change['kind']): void {
  const last = changes.at(-1)
  if (last?.kind === kind) last.text += text
  else changes.push({ text, kind })
}
