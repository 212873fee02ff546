import { Context, Effect, Layer, Option, Result } from "effect"
import { IpNetwork, NetAddress } from "effect/net"
import { type CityResponse, open } from "maxmind"
import { AppConfig } from "./AppConfig.ts"
import { cleanText } from "./StorableText.ts"

/** Country and region as ISO codes, city in English. */
export interface Location {
  readonly country: string | null
  readonly region: string | null
  readonly city: string | null
}

const nowhere: Location = { country: null, region: null, city: null }

const networks = (...blocks: ReadonlyArray<string>) => blocks.map(IpNetwork.fromStringUnsafe)

/** https://www.iana.org/assignments/iana-ipv4-special-registry, and multicast. */
const reservedV4 = networks(
  "0.0.0.0/8",
  "10.0.0.0/8",
  "100.64.0.0/10",
  "127.0.0.0/8",
  "169.254.0.0/16",
  "172.16.0.0/12",
  "192.0.0.0/24",
  "192.0.2.0/24",
  "192.88.99.0/24",
  "192.168.0.0/16",
  "198.18.0.0/15",
  "198.51.100.0/24",
  "203.0.113.0/24",
  "224.0.0.0/4",
  "240.0.0.0/4"
)

/** Global unicast, and the ranges reserved in it by https://www.iana.org/assignments/iana-ipv6-special-registry. */
const [globalV6, ...reservedV6] = networks("2000::/3", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20")

/** Private and reserved addresses have no location. */
const isPublic = (address: NetAddress.IpAddress) => {
  const within = (network: IpNetwork.IpNetwork) => IpNetwork.contains(network, address)
  return NetAddress.isIpv4Address(address) ? !reservedV4.some(within) : within(globalV6!) && !reservedV6.some(within)
}

/** An IPv4-mapped IPv6 address is read as the IPv4 address. */
const parse = (ip: string) =>
  Option.map(Result.getSuccess(NetAddress.ipFromString(ip)), (address) =>
    NetAddress.isIpv4Address(address) ? address : Option.getOrElse(NetAddress.fromIpv4Mapped(address), () => address)
  )

/** A damaged file can have anything instead of a name. */
const nameOf = (value: unknown) => (typeof value === "string" && value !== "" ? cleanText(value).slice(0, 128) : null)

export class GeoIp extends Context.Service<
  GeoIp,
  {
    /** The location of an address; `nowhere` if it is private, reserved or unknown. */
    readonly locate: (ip: string | null) => Location
  }
>()("infra/GeoIp") {
  static readonly layer = Layer.effect(
    GeoIp,
    Effect.gen(function* () {
      const { geoIpDatabasePath } = yield* AppConfig
      // Read into memory once: maxmind's own file watcher crashes the process if a damaged file replaces this one.
      const reader = yield* Effect.tryPromise(() => open<CityResponse>(geoIpDatabasePath)).pipe(
        Effect.catch(() =>
          Effect.as(Effect.logWarning("GEOIP_DATABASE_PATH cannot be read; sessions will have no locations"), undefined)
        )
      )

      // Another edition holds no cities, and looks like a city file whose every address is unknown.
      if (reader !== undefined && !/city|enterprise|insights/i.test(String(reader.metadata.databaseType)))
        yield* Effect.logWarning("GEOIP_DATABASE_PATH is not a City database: sessions carry a country at most")

      const find = (address: NetAddress.IpAddress) => {
        try {
          return reader?.get(NetAddress.formatIp(address))
        } catch {
          return undefined
        }
      }

      return GeoIp.of({
        locate: (ip) => {
          const address = Option.filter(parse(ip ?? ""), isPublic)
          if (Option.isNone(address)) return nowhere
          const found = find(address.value)
          return {
            country: nameOf(found?.country?.iso_code),
            region: nameOf(found?.subdivisions?.[0]?.iso_code),
            city: nameOf(found?.city?.names?.en)
          }
        }
      })
    })
  )
}
