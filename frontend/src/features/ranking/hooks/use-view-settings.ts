import { useLocalStorage } from '@mantine/hooks'

/** How the answers are looked at: scrolled together, their differences marked. Kept in this browser. */
export function useViewSettings() {
  const [isTogether, setTogether] = useLocalStorage({
    key: 'plumbline.together',
    defaultValue: false,
  })
  const [isMarking, setMarking] = useLocalStorage({ key: 'plumbline.marking', defaultValue: false })
  return {
    isTogether,
    isMarking,
    toggleTogether: () => setTogether((isOn) => !isOn),
    toggleDifferences: () => setMarking((isOn) => !isOn),
  }
}

export type ViewSettings = ReturnType<typeof useViewSettings>
