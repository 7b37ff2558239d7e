import { draftOfAnswer } from './answer'
import type { DraftApi } from './draft-sync'
import type { Asked } from './judging'
import type { Entry } from './outbox'
import { jsonOf } from './storage'

/**
 * What the server would not take becomes the draft of its assignment: should the comparison be offered
 * again, the work is there. The outbox keeps it in this browser in any case.
 */
export async function keepAsDraft(api: DraftApi, entry: Entry, asked: Asked): Promise<void> {
  if (entry.what.kind !== 'submit') return
  const { body } = entry.what
  const draft = { ...draftOfAnswer(body, asked), activeSeconds: body.active_seconds }
  try {
    const standing = await api.readDraft(entry.task.uid)
    await api.saveDraft(entry.task.uid, {
      content: { draft: jsonOf(draft) },
      version: standing.draft?.version ?? 0,
      at: new Date(entry.queuedAt).toISOString(),
    })
  } catch {
    // Answered already, another's by now, or no network: there is no place for it on the server.
  }
}
