import { parse } from "tldts"

/** With the suffixes below which a company lets others live, as browsers part sites by those too. */
const rules = { allowPrivateDomains: true }

/** `com`, `co.uk`, `github.io`, and any single word: browsers refuse a cookie for all that is below. */
export const isPublicSuffix = (host: string) => parse(host, rules).publicSuffix === host

/** What a browser takes a host to belong to: the domain below its public suffix, or the host where there is none. */
export const siteOf = (host: string) => parse(host, rules).domain ?? host
