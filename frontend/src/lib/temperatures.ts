/** "0.7, 1" as numbers; null for what is no list of temperatures. */
export function parseTemperatures(text: string): number[] | null {
  const parts = text.split(/[,;\s]+/).filter((part) => part !== '')
  const numbers = parts.map(Number)
  const isGood = numbers.every((value) => Number.isFinite(value) && value >= 0 && value <= 5)
  return numbers.length > 0 && isGood ? numbers : null
}
