import { toJsxRuntime } from 'hast-util-to-jsx-runtime'
import { common, createLowlight } from 'lowlight'
import { Fragment, jsx, jsxs } from 'react/jsx-runtime'

const lowlight = createLowlight(common)

/** Code with its words coloured by what they are; plain where the language is not known. */
export default function HighlightedCode({ text, language }: { text: string; language: string }) {
  if (!lowlight.registered(language)) return text
  return toJsxRuntime(lowlight.highlight(language, text), { Fragment, jsx, jsxs })
}
