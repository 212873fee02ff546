const send = globalThis.fetch

/** What a browser does for a page: keeps the cookies, and lets the page read the CSRF token. */
export const browser = () => {
  const jar = new Map<string, string>()
  const keeping: typeof fetch = async (input, init) => {
    const request = new Request(input, init)
    request.headers.set("cookie", [...jar].map(([name, value]) => `${name}=${value}`).join("; "))
    const csrf = jar.get("csrf")
    if (request.method !== "GET" && csrf !== undefined) request.headers.set("x-csrf-token", csrf)
    const response = await send(request)
    for (const line of response.headers.getSetCookie()) {
      const [name, value] = line.split(";", 1)[0]!.split("=") as [string, string]
      jar.set(name, value)
    }
    return response
  }
  return keeping
}

/** The code and the state that the simulated Discord sends a person back with. */
export const consent = async (url: string) => {
  const { headers } = await send(`${url}&persona=900000000000000003`, { redirect: "manual" })
  const { code = "", state = "" } = Object.fromEntries(new URL(headers.get("location")!).searchParams)
  return { code, state }
}

export const roster = "a1f1bcf2-47c2-4d57-bf9e-24edd3a6dcae"
