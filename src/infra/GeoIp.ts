import { Context, Effect, Layer, Result } from "effect"
import { NetAddress } from "effect/net"
import { type CityResponse, open, type Reader } from "maxmind"
import { AppConfig } from "./AppConfig.ts"

/** Country and region as ISO codes, city in English. */
export interface Location {
  readonly country: string | null
  readonly region: string | null
  readonly city: string | null
}

export const nowhere: Location = { country: null, region: null, city: null }

/** Private and reserved ranges say nothing about where a person is. */
const isPublic = (ip: string) =>
  Result.match(NetAddress.ipFromString(ip), {
    onFailure: () => false,
    onSuccess: (address) =>
      NetAddress.isUnicast(address) &&
      !NetAddress.isLoopback(address) &&
      !NetAddress.isLinkLocal(address) &&
      !(NetAddress.isIpv4Address(address) ? NetAddress.isPrivate(address) : NetAddress.isUniqueLocal(address))
  })

export class GeoIp extends Context.Service<
  GeoIp,
  {
    /** Where an address is, as far as the database knows; `nowhere` for private and unknown ones. */
    readonly locate: (ip: string | null) => Location
  }
>()("infra/GeoIp") {
  static readonly layer = Layer.effect(
    GeoIp,
    Effect.gen(function* () {
      const { geoIpDatabasePath } = yield* AppConfig
      const reader = yield* Effect.tryPromise(() => open<CityResponse>(geoIpDatabasePath)).pipe(
        Effect.catch(() =>
          Effect.as(
            Effect.logWarning("GEOIP_DATABASE_PATH cannot be read: sessions carry no locations"),
            undefined as Reader<CityResponse> | undefined
          )
        )
      )
      return GeoIp.of({
        locate: (ip) => {
          if (reader === undefined || ip === null || !isPublic(ip)) return nowhere
          const found = reader.get(ip)
          return {
            country: found?.country?.iso_code ?? null,
            region: found?.subdivisions?.[0]?.iso_code ?? null,
            city: found?.city?.names?.en ?? null
          }
        }
      })
    })
  )
}
