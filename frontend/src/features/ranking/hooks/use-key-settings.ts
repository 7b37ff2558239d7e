import { useLocalStorage } from '@mantine/hooks'
import type { ActionName } from '@/features/ranking/model/keys'
import { keymapOf, rebind } from '@/features/ranking/model/keys'

/** Whether single keys work in this browser, and which key does what. */
export function useKeySettings() {
  const [isOn, switchOn] = useLocalStorage({ key: 'plumbline.keys-on', defaultValue: true })
  const [chosen, setChosen, reset] = useLocalStorage<unknown>({
    key: 'plumbline.keys',
    defaultValue: {},
  })
  const keymap = keymapOf(chosen)
  /** Returns why not, or null when it is done. */
  const change = (action: ActionName, key: string): string | null => {
    const result = rebind(keymap, action, key)
    if (typeof result === 'string') return result
    setChosen(result)
    return null
  }
  return { keymap, change, reset, isOn, switchOn }
}

export type KeySettings = ReturnType<typeof useKeySettings>
