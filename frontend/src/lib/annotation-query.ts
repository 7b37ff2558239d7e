import { queryOptions } from '@tanstack/react-query'
import { get } from './api'
import type { OwnAnnotation } from './types'

/** One of one's own annotations, with all that was said before. */
export const annotationQuery = (uid: string) =>
  queryOptions({
    queryKey: ['annotation', uid],
    queryFn: () => get<OwnAnnotation>(`/annotations/${uid}`),
  })
