import { rosterRealm, roster } from "./simulators/roster.ts"
import { personas } from "./simulators/Personas.ts"

const guild = "a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae"

/** A ranked character of the raider persona. */
const character = roster
  .find((player) => player.discordId === personas.raider.id)!
  .characters.find(({ wcl, bnet }) => wcl === "ranked" && bnet === "ok")!.name

const details = JSON.stringify({
  name: "Night Watch",
  realm: "Spineshatter",
  region: rosterRealm.region,
  faction: "horde",
  game_version: "classicann"
})

/**
 * The main job in curl: sign in, create a guild, list the seeded roster, refresh a character and read it back. It must
 * work in any shell, so it has no comments: an interactive zsh would run them as commands.
 */
export const walk = (api: string) => `\
API=${api}; JAR=$(mktemp)
call() { curl -s -b "$JAR" -c "$JAR" -H "X-CSRF-Token: $CSRF" -H 'Content-Type: application/json' "$@"; }

echo '-- Sign in: begin, choose ${personas.raider.label.split(",")[0]} at the simulated Discord, return with the code.'
URL=$(call $API/auth/discord/url | cut -d '"' -f 4)
BACK=$(curl -s -o /dev/null -w '%{redirect_url}' "$URL&persona=${personas.raider.id}")
CODE=\${BACK#*code=}; STATE=\${BACK#*state=}
call -d "{\\"code\\":\\"\${CODE%%&*}\\",\\"state\\":\\"\${STATE%%&*}\\"}" $API/auth/discord/callback
CSRF=$(awk '$6 == "csrf" { print $7 }' "$JAR")
call $API/auth/session; echo

echo '-- Create a guild, and list your guilds.'
call -d '${details}' $API/guilds; echo
call $API/guilds; echo

echo '-- List the roster of the seeded guild, and find the character ${character}.'
call $API/guilds/${guild}/characters | cut -c -400
ID=$(call $API/guilds/${guild}/characters | grep -o '"id":"[^"]*","user_id":"[^"]*","name":"${character}"' | cut -d '"' -f 4)

echo '-- Refresh the character from Warcraft Logs and Battle.net, and read it back.'
call -X POST $API/characters/$ID/warcraftlogs/refresh | cut -c -400
call -X POST $API/characters/$ID/battlenet/refresh; echo
call $API/characters/$ID | cut -c -1200

echo '-- Log out: the session is now refused.'
call -X POST $API/auth/logout
call $API/auth/session; echo; rm "$JAR"`
