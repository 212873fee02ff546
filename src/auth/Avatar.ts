interface AvatarOwner {
  /** Discord snowflake, in digits: more than 53 bits. */
  readonly id: string
  readonly avatar: string | null
  readonly discriminator: string | null
}

const cdn = "https://cdn.discordapp.com"

/** The picture of a Discord user at 128 pixels, or the default one that Discord shows for who has none. */
export const avatarUrl = ({ id, avatar, discriminator }: AvatarOwner) => {
  if (avatar !== null && avatar !== "") {
    const extension = avatar.startsWith("a_") ? "gif" : "png"
    return `${cdn}/avatars/${encodeURIComponent(id)}/${encodeURIComponent(avatar)}.${extension}?size=128`
  }
  const legacy = /^\d{1,4}$/.test(discriminator ?? "") ? Number(discriminator) : 0
  const index = legacy > 0 ? legacy % 5 : Number((BigInt.asUintN(64, /^\d+$/.test(id) ? BigInt(id) : 0n) >> 22n) % 6n)
  return `${cdn}/embed/avatars/${index}.png`
}
