import type { TaskSettings } from './types'

/** A campaign's task with everything at its default but what a test changes. */
export const settingsWith = (change: Partial<TaskSettings> = {}): TaskSettings => ({
  rationale: 'off',
  all_bad: true,
  skip: true,
  safety: 'off',
  attributes: [],
  thumbs: 'off',
  flag: false,
  flag_reasons: ['harmful', 'other'],
  edit: false,
  difference: false,
  agreement_shown: false,
  show_gold: false,
  break_minutes: 50,
  ...change,
})
