import { NetAddress } from "effect/net"

type Data = string | number | ReadonlyArray<Data> | { readonly [key: string]: Data }

/** https://maxmind.github.io/MaxMind-DB, as far as a GeoLite2-City file needs it; strings and lists up to 28 long. */
const encode = (value: Data): Buffer => {
  if (typeof value === "string")
    return Buffer.concat([Buffer.of((2 << 5) | Buffer.byteLength(value)), Buffer.from(value)])
  if (typeof value === "number") {
    const bytes = Buffer.alloc(4)
    bytes.writeUInt32BE(value)
    return Buffer.concat([Buffer.of((6 << 5) | 4), bytes])
  }
  if (Array.isArray(value)) return Buffer.concat([Buffer.of(value.length, 11 - 7), ...value.map(encode)])
  const entries = Object.entries(value)
  return Buffer.concat([Buffer.of((7 << 5) | entries.length), ...entries.flat().map(encode)])
}

interface Place {
  readonly country: string
  readonly region: string
  readonly city: string
}

/** The bits of an address in the tree, where IPv4 addresses are under `::/96`. */
const bitsOf = (cidr: string) => {
  const [text = "", prefix] = cidr.split("/")
  const address = NetAddress.ipFromStringUnsafe(text)
  const v4 = NetAddress.isIpv4Address(address)
  const octets = v4
    ? [...Array<number>(12).fill(0), ...NetAddress.ipv4ToOctets(address)]
    : NetAddress.ipv6ToOctets(address)
  const bits = octets.flatMap((octet) => [...octet.toString(2).padStart(8, "0")].map(Number))
  return bits.slice(0, (v4 ? 96 : 0) + Number(prefix))
}

type Node = [left: Node | Buffer | undefined, right: Node | Buffer | undefined]

/** A GeoLite2-City database of these networks, which must not overlap. */
export const mmdb = (networks: Readonly<Record<string, Place>>, edition = "GeoLite2-City") => {
  const root: Node = [undefined, undefined]
  for (const [cidr, { country, region, city }] of Object.entries(networks)) {
    const bits = bitsOf(cidr)
    let node = root
    for (const bit of bits.slice(0, -1)) node = (node[bit] ??= [undefined, undefined]) as Node
    node[bits.at(-1)!] = encode({
      country: { iso_code: country },
      subdivisions: [{ iso_code: region }],
      city: { names: { en: city, de: `${city} (de)` } }
    })
  }

  const nodes = [root]
  for (const node of nodes) nodes.push(...node.filter((child) => Array.isArray(child)))
  const data: Array<Buffer> = []
  let size = 0
  const tree = Buffer.alloc(nodes.length * 6)
  nodes.flat().forEach((child, index) => {
    let record = nodes.length
    if (Array.isArray(child)) record = nodes.indexOf(child)
    else if (child !== undefined) {
      record += 16 + size
      size += child.length
      data.push(child)
    }
    tree.writeUIntBE(record, index * 3, 3)
  })
  const metadata = {
    binary_format_major_version: 2,
    binary_format_minor_version: 0,
    build_epoch: 1_790_000_000,
    database_type: edition,
    description: { en: "For tests" },
    ip_version: 6,
    languages: ["en", "de"],
    node_count: nodes.length,
    record_size: 24
  }
  return Buffer.concat([
    tree,
    Buffer.alloc(16),
    ...data,
    Buffer.from("\xab\xcd\xefMaxMind.com", "latin1"),
    encode(metadata)
  ])
}
