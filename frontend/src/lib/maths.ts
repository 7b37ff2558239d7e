/** Code is left alone: in it a dollar or a backslash means what it says. */
const CODE_OR_MATHS =
  /(```[\s\S]*?(?:```|$)|`[^`\n]*`)|\\\[([\s\S]+?)\\\]|\\\(((?:[^\n]|\n(?!\n))+?)\\\)/g

export const hasMaths = (text: string) =>
  /\$\$[\s\S]+?\$\$|\\\([\s\S]+?\\\)|\\\[[\s\S]+?\\\]/.test(text)

/** Formulas in LaTeX's own brackets, as many models write them, in the dollars that markdown knows. */
export const withDollars = (text: string) =>
  text.replace(CODE_OR_MATHS, (whole, code?: string, display?: string, inline?: string) => {
    if (code !== undefined) return whole
    return display === undefined ? `$$${(inline ?? '').trim()}$$` : `\n$$\n${display.trim()}\n$$\n`
  })
