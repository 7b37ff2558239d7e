import { readdirSync } from 'node:fs'
import { URL } from 'node:url'
import js from '@eslint/js'
import a11y from 'eslint-plugin-jsx-a11y'
import hooks from 'eslint-plugin-react-hooks'
import tseslint from 'typescript-eslint'

// The arrows: lib -> components -> features -> app. Features never import one another, and a file
// outside its own folder is named by its whole path, so that every arrow can be seen.
const ALIASED_ONLY = { group: ['../*'], message: 'Name the file by its whole path: @/…' }
const forbid = (...patterns) => ({
  'no-restricted-imports': ['error', { patterns: [ALIASED_ONLY, ...patterns] }],
})
const APP = { group: ['@/app/*'], message: 'Only the app imports the app.' }
const FEATURES = { group: ['@/features/**'], message: 'Shared code knows no feature.' }
const COMPONENTS = { group: ['@/components/*'], message: 'lib knows no component.' }
const OTHER_FEATURES = (own) => ({
  regex: `^@/features/(?!${own}/)`,
  message: 'Features never import one another: let the app put them together.',
})

export default tseslint.config(
  { ignores: ['dist', 'src/lib/schema.ts'] },
  js.configs.recommended,
  {
    files: ['src/**/*.{ts,tsx}'],
    extends: [tseslint.configs.strict, a11y.flatConfigs.recommended],
  },
  {
    files: ['src/**/*.{ts,tsx}'],
    plugins: { 'react-hooks': hooks },
    rules: { ...hooks.configs.recommended.rules },
  },
  { files: ['src/app/**'], rules: forbid() },
  { files: ['src/components/**'], rules: forbid(APP, FEATURES) },
  { files: ['src/lib/**'], rules: forbid(APP, FEATURES, COMPONENTS) },
  ...readdirSync(new URL('./src/features', import.meta.url)).map((own) => ({
    files: [`src/features/${own}/**`],
    rules: forbid(APP, OTHER_FEATURES(own)),
  })),
)
