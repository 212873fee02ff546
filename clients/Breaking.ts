/*
 * What in a newer OpenAPI document breaks a program written for an older one. It knows what our documents use; new fields in
 * answers, new codes and new values in answers break nothing, as the document says.
 */

interface Schema {
  readonly $ref?: string
  readonly type?: string
  readonly enum?: ReadonlyArray<unknown>
  readonly anyOf?: ReadonlyArray<Schema>
  readonly allOf?: ReadonlyArray<Schema>
  readonly properties?: Readonly<Record<string, Schema>>
  readonly required?: ReadonlyArray<string>
  readonly items?: Schema
  readonly minimum?: number
  readonly maximum?: number
  readonly minLength?: number
  readonly maxLength?: number
}

interface Body {
  readonly required?: boolean
  readonly content?: Readonly<Record<string, { readonly schema: Schema }>>
}

interface Operation {
  readonly parameters: ReadonlyArray<{ readonly name: string; readonly required: boolean; readonly schema: Schema }>
  readonly requestBody?: Body
  readonly responses: Readonly<Record<string, Body>>
  readonly security: ReadonlyArray<Readonly<Record<string, unknown>>>
}

export interface OpenApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components: { readonly schemas: Readonly<Record<string, Schema>> }
}

type Direction = "request" | "answer"

const schemaOf = (body: Body | undefined) => body?.content?.["application/json"]?.schema

const bounds = [
  ["minimum", 1],
  ["minLength", 1],
  ["maximum", -1],
  ["maxLength", -1]
] as const

export const breaking = (before: OpenApiDocument, after: OpenApiDocument): ReadonlyArray<string> => {
  const found: Array<string> = []

  const resolve = (schema: Schema, { components }: OpenApiDocument): Schema =>
    schema.$ref === undefined
      ? schema
      : resolve(components.schemas[schema.$ref.split("/").at(-1)!] ?? {}, { components } as OpenApiDocument)

  /** The choices of a schema by their type; a schema without one allows any. */
  const choicesOf = (schema: Schema, document: OpenApiDocument): ReadonlyMap<string, Schema> => {
    const whole = resolve(schema, document)
    const all = (whole.anyOf ?? [whole]).map((choice) => resolve(choice, document))
    return new Map(all.map((choice) => [choice.type ?? "anything", choice]))
  }

  const compare = (old: Schema, young: Schema, direction: Direction, place: string, depth = 0) => {
    if (depth > 12) return
    const [was, is] = [choicesOf(old, before), choicesOf(young, after)]
    const [narrow, wide] = direction === "request" ? [was, is] : [is, was]
    for (const type of narrow.keys()) {
      if (!wide.has(type) && !wide.has("anything")) {
        found.push(direction === "request" ? `${place} may no longer be ${type}` : `${place} may now be ${type}`)
      }
    }
    for (const [type, one] of was) {
      const other = is.get(type)
      if (other === undefined) continue
      if (direction === "request") compareRules(one, other, place)
      if (one.items !== undefined && other.items !== undefined)
        compare(one.items, other.items, direction, `${place}[]`, depth + 1)
      compareFields(one, other, direction, place, depth)
    }
  }

  /** A request that was accepted must be accepted. */
  const compareRules = (one: Schema, other: Schema, place: string) => {
    if (other.enum !== undefined) {
      const gone = one.enum?.filter((value) => !other.enum!.includes(value))
      if (gone === undefined || gone.length > 0) found.push(`${place} takes fewer values`)
    }
    for (const [bound, direction] of bounds) {
      const [was, is] = [one[bound], other[bound]]
      if (is !== undefined && (was === undefined || (is - was) * direction > 0))
        found.push(`${place} has a narrower ${bound}`)
    }
  }

  const compareFields = (one: Schema, other: Schema, direction: Direction, place: string, depth: number) => {
    const [fields, others] = [one.properties ?? {}, other.properties ?? {}]
    for (const [name, field] of Object.entries(fields)) {
      const same = others[name]
      if (same !== undefined) compare(field, same, direction, `${place}.${name}`, depth + 1)
      else if (direction === "answer") found.push(`${place}.${name} is gone`)
    }
    const [was, is] = [one.required ?? [], other.required ?? []]
    if (direction === "request") {
      for (const name of is) if (!was.includes(name)) found.push(`${place}.${name} is now needed`)
    } else {
      for (const name of was)
        if (name in others && !is.includes(name)) found.push(`${place}.${name} may now be missing`)
    }
  }

  const compareOperations = (old: Operation, young: Operation, name: string) => {
    for (const parameter of young.parameters) {
      const same = old.parameters.find((one) => one.name === parameter.name)
      if (same === undefined ? parameter.required : parameter.required && !same.required)
        found.push(`${name} now needs ${parameter.name}`)
      if (same !== undefined) compare(same.schema, parameter.schema, "request", `${name} ${parameter.name}`)
    }
    const [was, is] = [schemaOf(old.requestBody), schemaOf(young.requestBody)]
    if (is !== undefined && young.requestBody?.required && !old.requestBody?.required)
      found.push(`${name} now needs a body`)
    if (was !== undefined && is !== undefined) compare(was, is, "request", `${name} body`)
    // Callers bring one of the old sets of schemes: some new set must need no more than that.
    const [had, needed] = [old.security, young.security].map((all) => (all.length === 0 ? [{}] : all).map(Object.keys))
    for (const brought of had!) {
      const lacking = needed!.map((set) => set.filter((scheme) => !brought.includes(scheme)))
      if (lacking.every((schemes) => schemes.length > 0)) found.push(`${name} now needs ${lacking[0]!.join(" and ")}`)
    }
    for (const [status, response] of Object.entries(old.responses).filter(([status]) => status < "300")) {
      const same = young.responses[status]
      if (same === undefined) found.push(`${name} no longer answers ${status}`)
      const [told, tells] = [schemaOf(response), schemaOf(same)]
      if (told !== undefined && tells !== undefined) compare(told, tells, "answer", `${name} ${status}`)
      else if (told !== undefined && same !== undefined) found.push(`${name} ${status} no longer has a body`)
    }
  }

  for (const [path, methods] of Object.entries(before.paths)) {
    for (const [method, operation] of Object.entries(methods)) {
      const name = `${method.toUpperCase()} ${path}`
      const same = after.paths[path]?.[method]
      if (same === undefined) found.push(`${name} is gone`)
      else compareOperations(operation, same, name)
    }
  }
  return found
}

/** Whether a version may break what was written for another: a new major one, or before 1.0 a new minor one. */
export const mayBreak = (released: string, version: string) => {
  const [major, minor] = version.split(".").map(Number)
  const [oldMajor, oldMinor] = released.split(".").map(Number)
  return major! > oldMajor! || (major === 0 && oldMajor === 0 && minor! > oldMinor!)
}
