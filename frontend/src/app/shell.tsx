import { Link, Outlet } from '@tanstack/react-router'
import { AccountMenu } from '@/components/account-menu'
import { Wordmark } from '@/components/wordmark'
import { useMe } from '@/lib/session'
import { Finder } from './finder'
import classes from './shell.module.css'

/** The frame of every page but the ranking page, which needs the whole screen. */
export function Shell() {
  const me = useMe()
  return (
    <>
      <a className={classes.skip} href="#content">
        Skip to the content
      </a>
      <header className={classes.bar}>
        <Wordmark />
        <nav className={classes.links} aria-label="Main">
          <Link to="/" activeOptions={{ exact: true }}>
            Campaigns
          </Link>
          {me.role === 'admin' && <Link to="/people">People</Link>}
        </nav>
        <AccountMenu />
      </header>
      <Finder />
      <main id="content" className={classes.content} tabIndex={-1}>
        <Outlet />
      </main>
    </>
  )
}
