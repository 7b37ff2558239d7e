import type { ButtonProps } from '@mantine/core'
import { Button } from '@mantine/core'
import { createLink } from '@tanstack/react-router'
import type { AnchorHTMLAttributes, Ref } from 'react'

type AnchorProps = ButtonProps &
  Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof ButtonProps> & {
    ref?: Ref<HTMLAnchorElement>
  }

/** A link that looks like a button; where it leads is checked against the routes. */
export const ButtonLink = createLink(function ButtonAnchor(props: AnchorProps) {
  return <Button component="a" {...props} />
})
