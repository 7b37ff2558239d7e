import { Button, FileButton, NumberInput } from '@mantine/core'
import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useRef, useState } from 'react'
import { ProblemNotice } from '@/components/notice'
import { importPrompts } from '@/features/campaigns/api/prompts'
import { ApiError } from '@/lib/api'
import { campaignQuery } from '@/lib/campaign-query'
import { plural } from '@/lib/format'
import type { ImportReport } from '@/lib/types'
import classes from './prompt-import.module.css'

/** Bring in a JSONL file by dropping or choosing it; what is wrong with it is told line by line. */
export function PromptImport({ campaign }: { campaign: number }) {
  const queries = useQueryClient()
  const [isOver, setOver] = useState(false)
  const [heldout, setHeldout] = useState<number | string>(15)
  const bring = useMutation({
    mutationFn: (file: File) => importPrompts(campaign, file, Number(heldout) / 100),
    onSuccess: () => queries.invalidateQueries({ queryKey: campaignQuery(campaign).queryKey }),
  })
  const forgetChoice = useRef<() => void>(null)
  const take = (file: File | null | undefined) => {
    if (file) bring.mutate(file)
    // A file that was mended has the same name: choosing it again must be a choice.
    forgetChoice.current?.()
  }
  return (
    <section
      className={classes.zone}
      data-over={isOver || undefined}
      aria-label="Import prompts"
      onDragOver={(event) => {
        event.preventDefault()
        setOver(true)
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault()
        setOver(false)
        take(event.dataTransfer.files[0])
      }}
    >
      <div className={classes.row}>
        <div className={classes.words}>
          <h2>Import prompts</h2>
          <p>
            Drop a JSONL file here. Each line is <code>{'{"prompt": "…"}'}</code> or{' '}
            <code>{'{"messages": [{"role": "user", "content": "…"}]}'}</code>, with{' '}
            <code>split</code> and <code>id</code> if you have them. A file is imported whole or not
            at all.
          </p>
        </div>
        <NumberInput
          className={classes.share}
          label="Held out, where a line names no split"
          suffix=" %"
          min={0}
          max={50}
          value={heldout}
          onChange={setHeldout}
        />
        <FileButton
          resetRef={forgetChoice}
          onChange={take}
          accept=".jsonl,.ndjson,.json,application/jsonl"
        >
          {(props) => (
            <Button {...props} loading={bring.isPending}>
              Choose a file
            </Button>
          )}
        </FileButton>
      </div>
      <div aria-live="polite">{bring.data && <Report report={bring.data} />}</div>
      {bring.error && <Refusal problem={bring.error} />}
    </section>
  )
}

function Report({ report }: { report: ImportReport }) {
  return (
    <p className={classes.done}>
      {plural(report.added, 'prompt')} added: {report.train} to train on, {report.heldout} held out.
      {report.duplicates > 0 && ` ${plural(report.duplicates, 'line')} held what was here already.`}
    </p>
  )
}

function Refusal({ problem }: { problem: Error }) {
  const lines = problem instanceof ApiError ? problem.problems : []
  return (
    <ProblemNotice problem={problem}>
      {lines.length > 0 && (
        <ul className={classes.problems}>
          {lines.map(({ line, reason }) => (
            <li key={line}>
              <strong>Line {line}:</strong> {reason}
            </li>
          ))}
        </ul>
      )}
    </ProblemNotice>
  )
}
