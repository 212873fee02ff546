import { assert, layer } from "@effect/vitest"
import { Effect } from "effect"
import { query } from "../support/query.ts"
import { live, TestApp } from "../support/TestApp.ts"

const hash = "0123456789abcdef0123456789abcdef"
const cdn = "https://cdn.discordapp.com"

layer(TestApp.layer(), live)("discord_user", (it) => {
  it.effect.each([
    ["912345678901234561", hash, "0", `${cdn}/avatars/912345678901234561/${hash}.png?size=128`],
    ["912345678901234562", `a_${hash}`, "0", `${cdn}/avatars/912345678901234562/a_${hash}.gif?size=128`],
    ["912345678901234562", "../x", "0", `${cdn}/embed/avatars/5.png`],
    ["912345678901234563", null, "0", `${cdn}/embed/avatars/5.png`],
    ["112345678901234564", null, "1337", `${cdn}/embed/avatars/2.png`],
    ["912345678901234565", "", "0", `${cdn}/embed/avatars/5.png`],
    ["912345678901234567", null, null, `${cdn}/embed/avatars/5.png`],
    ["18446744073709551615", null, null, `${cdn}/embed/avatars/3.png`],
    ["18446744073709551617", null, "none", `${cdn}/embed/avatars/0.png`],
    ["1", null, null, `${cdn}/embed/avatars/0.png`]
  ] as const)("%s %s #%s", ([id, avatar, discriminator, url]) =>
    Effect.gen(function* () {
      const [row] = yield* query`
        select discord_user(i, p) as discord
        from jsonb_populate_record(null::discord_identities, jsonb_build_object('discord_user_id', ${id}::text)) i,
          jsonb_populate_record(null::discord_profiles, jsonb_build_object('username', 'vela', 'avatar', ${avatar}::text,
            'discriminator', ${discriminator}::text)) p`
      assert.deepStrictEqual(row, { discord: { id, username: "vela", global_name: null, avatar_url: url } })
    })
  )
})
