import { Modal, TextInput } from '@mantine/core'
import { useHotkeys } from '@mantine/hooks'
import { useQuery } from '@tanstack/react-query'
import { useNavigate } from '@tanstack/react-router'
import type { KeyboardEvent } from 'react'
import { useState } from 'react'
import { campaignsQuery } from '@/lib/campaign-query'
import { useMe } from '@/lib/session'
import type { Place } from './find-places'
import { findPlaces, placesOf } from './find-places'
import classes from './finder.module.css'

/** Ctrl or Cmd with K: type a part of a name and go there. */
export function Finder() {
  const [isOpen, setOpen] = useState(false)
  useHotkeys([['mod+K', () => setOpen(true)]], [])
  return (
    <Modal.Root opened={isOpen} onClose={() => setOpen(false)} size="lg" yOffset="12vh">
      <Modal.Overlay />
      <Modal.Content aria-label="Go to">
        <Modal.Body p="sm">
          <Search onGone={() => setOpen(false)} />
        </Modal.Body>
      </Modal.Content>
    </Modal.Root>
  )
}

function Search({ onGone }: { onGone: () => void }) {
  const me = useMe()
  const navigate = useNavigate()
  const { data: campaigns = [] } = useQuery(campaignsQuery)
  const [typed, setTyped] = useState('')
  const [at, setAt] = useState(0)
  const found = findPlaces(placesOf(me, campaigns), typed)
  const go = (place: Place | undefined) => {
    if (!place) return
    onGone()
    void navigate({ href: place.href })
  }
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowDown: 1, ArrowUp: -1 }[event.key]
    if (step === undefined && event.key !== 'Enter') return
    event.preventDefault()
    if (step === undefined) go(found[at])
    else setAt((at + step + found.length) % Math.max(1, found.length))
  }
  return (
    <>
      <TextInput
        role="combobox"
        aria-label="Go to"
        aria-expanded
        aria-controls="places"
        aria-activedescendant={found[at] ? `place-${at}` : undefined}
        placeholder="Campaign, round, page"
        size="md"
        data-autofocus
        value={typed}
        onChange={(event) => {
          setTyped(event.currentTarget.value)
          setAt(0)
        }}
        onKeyDown={onKeyDown}
      />
      <ul id="places" role="listbox" aria-label="Places" className={classes.list}>
        {found.map((place, index) => (
          // The keys are the field's: it keeps the focus.
          // eslint-disable-next-line jsx-a11y/click-events-have-key-events
          <li
            key={place.href + place.label}
            id={`place-${index}`}
            role="option"
            aria-selected={index === at}
            onClick={() => go(place)}
          >
            {place.label}
          </li>
        ))}
      </ul>
      {found.length === 0 && <p role="status">Nothing has a name like that.</p>}
    </>
  )
}
