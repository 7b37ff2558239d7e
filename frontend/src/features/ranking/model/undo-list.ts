import { loadUndo, saveUndo } from './storage'

/** The annotations of this person and campaign that undo can reach, newest last; kept through reloads. */
export class UndoList {
  private uids: string[] = []

  constructor(
    private readonly storage: Storage,
    private readonly user: number,
    private readonly campaign: number,
  ) {
    this.reload()
  }

  get length(): number {
    return this.uids.length
  }

  newest(): string | undefined {
    return this.uids.at(-1)
  }

  /** Another tab may have changed it. */
  reload(): void {
    this.uids = loadUndo(this.storage, this.user, this.campaign)
  }

  add(uid: string): void {
    this.save([...this.uids, uid])
  }

  /** The annotation was amended: another one stands in its place. */
  replace(old: string, by: string): void {
    this.save(this.uids.map((uid) => (uid === old ? by : uid)))
  }

  dropNewest(): void {
    this.save(this.uids.slice(0, -1))
  }

  clear(): void {
    this.save([])
  }

  private save(uids: string[]): void {
    this.uids = uids
    saveUndo(this.storage, this.user, this.campaign, uids)
  }
}
