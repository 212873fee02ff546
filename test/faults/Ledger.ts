import type { Postgres } from "./Servers.ts"

/* Every write that was answered as done, and whether the database agrees. What was not answered may be there or not. */

interface Renamed {
  /** The last number whose PATCH was answered as done, and the last that was sent. */
  done: number
  sent: number
}

const list = (values: Iterable<string>) => `'{${[...values].map((value) => `"${value}"`).join(",")}}'`

export class Ledger {
  /** Names of guilds; true once their POST was answered as done. */
  readonly founded = new Map<string, boolean>()
  readonly renamed = new Map<string, Renamed>()
  /** Pairs of guild and user, joined by a space. */
  readonly joined = new Set<string>()
  /** Hashes of the session tokens that a sign-in was answered with. */
  readonly signedIn = new Set<string>()

  get acknowledged() {
    const founded = [...this.founded.values()].filter(Boolean).length
    const renamed = [...this.renamed.values()].reduce((sum, { done }) => sum + done, 0)
    return founded + renamed + this.joined.size + this.signedIn.size
  }

  /** What is lost of what was acknowledged, and what is there more than once. */
  async verify({ query }: Postgres) {
    const guilds = await query<{ first: string; name: string; id: string; admins: string; notes: string }>(
      `select realm as first, name, id, (select count(*) from guild_memberships m where m.guild_id = g.id and m.role = 'admin') admins,
         (select count(*) from security_audit_events e
          where e.event_type = 'guild_created' and e.guild_id = g.id) notes
       from guilds g where realm = any (${list(this.founded.keys())}::text[])`
    )
    const there = new Map<string, number>()
    for (const { first } of guilds) there.set(first, (there.get(first) ?? 0) + 1)
    const lost: Array<string> = []
    const doubled: Array<string> = []
    for (const [name, done] of this.founded) {
      const count = there.get(name) ?? 0
      if (done && count === 0) lost.push(`guild ${name}`)
      if (count > 1) doubled.push(`guild ${name}`)
    }
    for (const { first, admins, notes } of guilds)
      if (Number(admins) !== 1 || Number(notes) !== 1) doubled.push(`admin or event of ${first}: ${admins}, ${notes}`)
    const names = new Map(guilds.map(({ id, name }) => [id, name]))
    for (const [id, { done, sent }] of this.renamed) {
      const now = Number(/^Name (\d+)$/.exec(names.get(id) ?? "")?.[1] ?? 0)
      if (now < done) lost.push(`change ${done} of ${id}, which is at ${now}`)
      if (now > sent) doubled.push(`change ${now} of ${id}, which was never sent`)
    }
    const memberships = await query<{ pair: string; count: string }>(
      `select guild_id || ' ' || user_id as pair, count(*) from guild_memberships
       where guild_id = any (${list(this.renamed.keys())}::uuid[]) group by 1`
    )
    const members = new Map(memberships.map(({ pair, count }) => [pair, Number(count)]))
    for (const pair of this.joined) if (!members.has(pair)) lost.push(`membership ${pair}`)
    for (const [pair, count] of members) if (count > 1) doubled.push(`membership ${pair}`)
    const uses = await query<{ id: string }>(
      `select guild_id as id from guild_invites i where guild_id = any (${list(this.renamed.keys())}::uuid[])
       group by guild_id having sum(uses) <> (select count(*) from guild_memberships m
         where m.guild_id = i.guild_id and m.role = 'applicant')`
    )
    for (const { id } of uses) doubled.push(`uses of the invites of ${id}`)
    const sessions = await query<{ hash: string }>(
      `select token_hash as hash from user_sessions
       where revoked_at is null and token_hash = any (${list(this.signedIn)}::text[])`
    )
    const live = new Set(sessions.map(({ hash }) => hash))
    for (const hash of this.signedIn) if (!live.has(hash)) lost.push(`session ${hash}`)
    // A sign-in writes all of these together, or none of them.
    const half = await query<{ what: string }>(
      `select 'user without identity' as what from users u where not exists (select from discord_identities where user_id = u.id)
       union all select 'identity without profile' from discord_identities i
         where not exists (select from discord_profiles where discord_identity_id = i.id)
       union all select 'session without event' from user_sessions s where s.user_agent not like 'Mozilla%' and not exists (
         select from security_audit_events e where e.session_id = s.id and e.event_type = 'session_created')`
    )
    return { lost, doubled, half: half.map(({ what }) => what) }
  }
}
