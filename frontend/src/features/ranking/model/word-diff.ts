export interface Piece {
  text: string
  /** Whether the other text has nothing like it at this place. */
  isOwn: boolean
}

/** The table of the longest common subsequence costs one product of the two lengths: this is a second at most. */
const MOST_CELLS = 4_000_000

/** Words, runs of blanks, and every other sign by itself; letters of every script make words. */
const TOKENS = /\s+|[\p{L}\p{N}\p{M}_]+(?:['’][\p{L}]+)*|[^\s\p{L}\p{N}\p{M}_]/gu

export const tokensOf = (text: string): string[] => text.match(TOKENS) ?? []

/**
 * `text` in pieces, those marked that `other` lacks: the words outside a longest common subsequence of
 * the two. Null when the texts are too long for that.
 */
export function wordDiff(text: string, other: string): Piece[] | null {
  const [ours, theirs] = [tokensOf(text), tokensOf(other)]
  if ((ours.length + 1) * (theirs.length + 1) > MOST_CELLS) return null
  const lengths = commonLengths(ours, theirs)
  const width = theirs.length + 1
  const at = (i: number, j: number) => lengths[i * width + j] ?? 0
  const pieces: Piece[] = []
  for (let i = 0, j = 0; i < ours.length;) {
    const isShared = j < theirs.length && ours[i] === theirs[j]
    if (isShared || j >= theirs.length || at(i + 1, j) >= at(i, j + 1)) {
      append(pieces, ours[i] ?? '', !isShared)
      i += 1
      if (isShared) j += 1
    } else {
      j += 1
    }
  }
  return pieces
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
function append(pieces: Piece[], text: string, isOwn: boolean): void {
  const last = pieces.at(-1)
  if (last?.isOwn === isOwn) last.text += text
  else pieces.push({ text, isOwn })
}
