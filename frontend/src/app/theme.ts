import type { MantineColorsTuple } from '@mantine/core'
import { createTheme } from '@mantine/core'

const plumb: MantineColorsTuple = [
  '#edf5fb',
  '#d9e8f4',
  '#b0d0e8',
  '#84b7db',
  '#5fa2d1',
  '#4793c8',
  '#2f7fb6',
  '#22699b',
  '#1b5680',
  '#134266',
]

/** Mantine's greys of the dark scheme, in the cool tone of the page. */
const dark: MantineColorsTuple = [
  '#e9ebed',
  '#c8cdd2',
  '#a9b1ba',
  '#7d8791',
  '#4a535c',
  '#343a41',
  '#262b30',
  '#1d2125',
  '#14171a',
  '#0e1012',
]

const SYSTEM_FONT =
  'system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", "Helvetica Neue", Arial, sans-serif'

export const theme = createTheme({
  primaryColor: 'plumb',
  primaryShade: 7,
  colors: { plumb, dark },
  fontFamily: SYSTEM_FONT,
  fontFamilyMonospace:
    'ui-monospace, "Cascadia Code", Menlo, Consolas, "DejaVu Sans Mono", monospace',
  headings: { fontFamily: SYSTEM_FONT, fontWeight: '650' },
  fontSizes: { xs: '0.8125rem', sm: '0.9375rem', md: '1rem' },
  defaultRadius: 'sm',
  respectReducedMotion: true,
  autoContrast: true,
})
