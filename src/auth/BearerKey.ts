import { randomTokenHash } from "../infra/Crypto.ts"

type Headers = Readonly<Record<string, string | undefined>>

/** What `Authorization: Bearer` has; undefined without it. */
export const bearerOf = ({ authorization }: Headers) => /^bearer +(.*)$/i.exec(authorization ?? "")?.[1]

/** The hash that a key is stored by; undefined for what cannot be one. */
export const keyHash = (token: string) => (/^raid_[\w-]{8}_[\w-]{43}$/.test(token) ? randomTokenHash(token) : undefined)
