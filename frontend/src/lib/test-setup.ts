import { cleanup } from '@testing-library/react'
import { afterEach } from 'vitest'

// jsdom has neither; Mantine asks for both when it renders.
window.matchMedia ??= ((query: string) => ({
  matches: false,
  media: query,
  onchange: null,
  addEventListener: () => undefined,
  removeEventListener: () => undefined,
  addListener: () => undefined,
  removeListener: () => undefined,
  dispatchEvent: () => false,
})) as typeof window.matchMedia
window.ResizeObserver ??= class {
  observe() {
    return undefined
  }
  unobserve() {
    return undefined
  }
  disconnect() {
    return undefined
  }
}
window.scrollTo = () => undefined
Element.prototype.scrollIntoView ??= () => undefined

afterEach(() => {
  cleanup()
  localStorage.clear()
})

// jsdom loads no fonts; Mantine listens for them where a text field grows with its text.
Object.defineProperty(document, 'fonts', { value: new EventTarget() })
