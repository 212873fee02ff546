import { Option, Result } from "effect"
import { IpNetwork, NetAddress } from "effect/net"

const parse = (text: string): NetAddress.IpAddress | undefined => {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(text)
  return Option.getOrUndefined(Result.getSuccess(NetAddress.ipFromString(mapped?.[1] ?? text)))
}

/**
 * The address a request came from: the peer's, unless the peer is a trusted proxy; then the right-most entry of
 * X-Forwarded-For that is not one. An entry that is no address ends the walk: nothing left of it can be believed.
 */
export const clientIp = (
  peer: string | undefined,
  forwardedFor: string | undefined,
  trusted: ReadonlyArray<IpNetwork.IpNetwork>
): string | null => {
  let address = peer === undefined ? undefined : parse(peer)
  if (address === undefined) return null
  const hops = forwardedFor?.split(",").toReversed() ?? []
  for (const hop of hops) {
    const current = address
    if (!trusted.some((network) => IpNetwork.contains(network, current))) break
    const next = parse(hop.trim())
    if (next === undefined) break
    address = next
  }
  return NetAddress.formatIp(address)
}
