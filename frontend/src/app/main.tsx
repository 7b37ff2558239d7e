import '@mantine/core/styles.css'
import './global.css'
import { MantineProvider } from '@mantine/core'
import { QueryClientProvider } from '@tanstack/react-query'
import { RouterProvider } from '@tanstack/react-router'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { queries } from './queries'
import { makeRouter } from './router'
import { theme } from './theme'

// A page of before an update asks for a part that is gone: the reload brings the new one, and drafts stay.
window.addEventListener('vite:preloadError', () => {
  const last = Number(sessionStorage.getItem('plumbline.reloaded'))
  if (Date.now() - last < 30_000) return
  sessionStorage.setItem('plumbline.reloaded', String(Date.now()))
  window.location.reload()
})

// The development server has none, and without HTTPS a browser takes none but from its own machine. It keeps
// what the page is made of, once the page itself has come.
if (import.meta.env.PROD && 'serviceWorker' in navigator) {
  window.addEventListener('load', () => {
    navigator.serviceWorker.register('/sw.js').catch(() => undefined)
  })
}

const place = document.getElementById('root')
if (!place) throw new Error('index.html has no #root.')

createRoot(place).render(
  <StrictMode>
    <MantineProvider theme={theme} defaultColorScheme="auto">
      <QueryClientProvider client={queries}>
        <RouterProvider router={makeRouter(queries)} />
      </QueryClientProvider>
    </MantineProvider>
  </StrictMode>,
)
