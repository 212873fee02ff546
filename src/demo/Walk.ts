import { rosterRealm, roster } from "./sim/roster.ts"
import { personas } from "./sim/Personas.ts"

const guild = "a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae"

/** A ranked character of the raider persona. */
const character = roster
  .find((player) => player.discordId === personas.raider.id)!
  .characters.find(({ wcl, bnet }) => wcl === "ranked" && bnet === "ok")!.name

/** The main job in curl: sign in, make a guild, see the seeded roster, refresh a character and read it back. */
export const walk = (api: string) => `\
API=${api}; JAR=$(mktemp); JSON='Content-Type: application/json'
# Sign in as the raider ${personas.raider.label.split(",")[0]}: begin, choose a persona at the simulated Discord, come back.
URL=$(curl -s -c $JAR $API/auth/discord/url | sed -E 's/.*"url":"([^"]+)".*/\\1/')
BACK=$(curl -s -o /dev/null -w '%{redirect_url}' "$URL&persona=${personas.raider.id}")
CODE=$(echo "$BACK" | sed -E 's/.*[?&]code=([^&]+).*/\\1/'); STATE=$(echo "$BACK" | sed -E 's/.*[?&]state=([^&]+).*/\\1/')
curl -s -b $JAR -c $JAR -H "$JSON" -d "{\\"code\\":\\"$CODE\\",\\"state\\":\\"$STATE\\"}" $API/auth/discord/callback
CSRF=$(awk '$6 == "csrf" { print $7 }' $JAR)
curl -s -b $JAR $API/auth/session; echo
# Make a guild.
curl -s -b $JAR -H "X-CSRF-Token: $CSRF" -H "$JSON" -d '{"name":"Night Watch","realm":"Spineshatter","region":"${rosterRealm.region}","faction":"horde","game_version":"classicann"}' $API/guilds; echo
# The seeded guild's roster.
ROSTER=$(curl -s -b $JAR $API/guilds/${guild}/characters); echo "$ROSTER" | head -c 600; echo " ..."
# Refresh ${character} from Warcraft Logs and Battle.net, and read it back.
ID=$(echo "$ROSTER" | sed -E 's/.*"id":"([0-9a-f-]+)","user_id":"[0-9a-f-]+","name":"${character}".*/\\1/')
curl -s -X POST -b $JAR -H "X-CSRF-Token: $CSRF" $API/characters/$ID/warcraftlogs/refresh | head -c 300; echo " ..."
curl -s -X POST -b $JAR -H "X-CSRF-Token: $CSRF" $API/characters/$ID/battlenet/refresh; echo
curl -s -b $JAR $API/characters/$ID | head -c 600; echo " ..."
# Log out; after that the session is refused.
curl -s -X POST -b $JAR -H "X-CSRF-Token: $CSRF" $API/auth/logout; curl -s -b $JAR $API/auth/session; echo`
