// Keeps the shell of the pages, so that a page that is reloaded without a connection still loads. It never
// keeps an answer of the API: what is private stays where the pages put it.

/** Written in by the build: a name that changes with any file, and what the pages are made of. */
declare const VERSION: string
declare const FILES: string[]

const worker = globalThis as unknown as ServiceWorkerGlobalScope

const SHELL = '/'
const CACHE = `plumbline-${VERSION}`
/** A server that says nothing for this long is not waited for. */
const PATIENCE_MS = 5_000

worker.addEventListener('install', (event) => {
  const shell = new Request(SHELL, { cache: 'reload' })
  const keep = caches.open(CACHE).then((cache) => cache.addAll([shell, ...FILES]))
  event.waitUntil(keep.then(() => worker.skipWaiting()))
})

// A page of before that asks for a part that is gone loads itself anew.
worker.addEventListener('activate', (event) => {
  const drop = caches
    .keys()
    .then((names) => names.filter((name) => name.startsWith('plumbline-') && name !== CACHE))
    .then((old) => Promise.all(old.map((name) => caches.delete(name))))
  event.waitUntil(drop.then(() => worker.clients.claim()))
})

worker.addEventListener('fetch', (event) => {
  const { request } = event
  const { origin, pathname } = new URL(request.url)
  if (origin !== worker.location.origin || request.method !== 'GET') return
  if (FILES.includes(pathname)) event.respondWith(fileOf(request))
  else if (request.mode === 'navigate' && !/^\/(api|static|healthz|readyz)\b/.test(pathname)) {
    event.respondWith(pageOf(request))
  }
})

/** Its name carries a hash: once kept, it is never asked for again. */
async function fileOf(request: Request): Promise<Response> {
  const kept = await caches.match(request.url, { cacheName: CACHE })
  return kept ?? fetch(request)
}

/** The newest page there is: the server's, or where it cannot be reached the one that was kept. */
async function pageOf(request: Request): Promise<Response> {
  try {
    const answer = await fetch(request, { signal: AbortSignal.timeout(PATIENCE_MS) })
    if (answer.status < 500) return answer
    return (await caches.match(SHELL, { cacheName: CACHE })) ?? answer
  } catch (problem) {
    const kept = await caches.match(SHELL, { cacheName: CACHE })
    if (kept) return kept
    throw problem
  }
}
