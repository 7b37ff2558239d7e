import { useLocalStorage } from '@mantine/hooks'
import { DEFAULT_KEYS } from '@/features/ranking/model/keys'

/** Whether single keys work on this browser, and which key does what. */
export function useKeySettings() {
  const [isOn, switchOn] = useLocalStorage({ key: 'plumbline.keys-on', defaultValue: true })
  return { keymap: DEFAULT_KEYS, isOn, switchOn }
}
