import { MantineProvider } from '@mantine/core'
import { render, screen, within } from '@testing-library/react'
import userEvent from '@testing-library/user-event'
import { useState } from 'react'
import { describe, expect, it } from 'vitest'
import type { Method } from '@/lib/methods'
import { MethodList } from './method-list'

function Held({ first }: { first: Method[] }) {
  const [methods, setMethods] = useState(first)
  return (
    <MantineProvider env="test">
      <MethodList methods={methods} onChange={setMethods} />
      <output>{methods.join(' ')}</output>
    </MantineProvider>
  )
}

const held = () => screen.getAllByRole('status').at(-1)?.textContent

describe('the list of methods', () => {
  it('is put in order with the keyboard, and the focus goes along', async () => {
    render(<Held first={['rejection_sampling', 'kto', 'dpo']} />)
    const person = userEvent.setup()
    screen.getByRole('button', { name: 'Move DPO up' }).focus()
    await person.keyboard('{Enter}')
    expect(held()).toBe('rejection_sampling dpo kto')
    expect(document.activeElement).toBe(screen.getByRole('button', { name: 'Move DPO up' }))
    await person.keyboard('{Enter}{Enter}')
    expect(held()).toBe('dpo rejection_sampling kto')
    expect(screen.getByText('DPO is now 1 of 3.')).toBeDefined()
  })

  it('takes each method once, and keeps at least one', async () => {
    render(<Held first={['dpo']} />)
    const person = userEvent.setup()
    await person.click(screen.getByRole('button', { name: 'Remove DPO' }))
    expect(held()).toBe('dpo')
    await person.click(screen.getByRole('combobox', { name: 'Add a method' }))
    expect(screen.queryByRole('option', { name: 'DPO' })).toBeNull()
    await person.click(screen.getByRole('option', { name: 'KTO' }))
    expect(held()).toBe('dpo kto')
    await person.click(screen.getByRole('button', { name: 'Remove DPO' }))
    expect(held()).toBe('kto')
    const items = within(screen.getByRole('list', { name: 'Methods in order' }))
    expect(items.getAllByRole('listitem')).toHaveLength(1)
  })
})
