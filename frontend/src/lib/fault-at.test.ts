import { describe, expect, it } from 'vitest'
import { ApiError } from './api'
import { faultAt } from './fault-at'

describe('where a refusal belongs', () => {
  const refusal = new ApiError(
    400,
    'task.attributes[1].levels must be a whole number from 2 to 10.',
  )

  it('is at the setting that it names, and at no other', () => {
    expect(faultAt(refusal, 'task.attributes[1].levels')).toBe(
      'Must be a whole number from 2 to 10.',
    )
    expect(faultAt(refusal, 'task.attributes[1]')).toBeNull()
    expect(faultAt(refusal, 'task.attributes')).toBeNull()
  })

  it('is at the field of the body that was wrong', () => {
    const wrong = new ApiError(400, 'name: This field may not be blank.', [], {
      name: ['This field may not be blank.'],
    })
    expect(faultAt(wrong, 'name')).toBe('This field may not be blank.')
    expect(faultAt(wrong, 'guidelines')).toBeNull()
  })

  it('is nowhere for what the server did not say', () => {
    expect(faultAt(new Error('task.flag must be true or false.'), 'task.flag')).toBeNull()
    expect(faultAt(null, 'name')).toBeNull()
  })
})
