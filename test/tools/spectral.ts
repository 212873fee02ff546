export { default as spectral, type RulesetDefinition } from "@stoplight/spectral-core"
export { default as rulesets } from "@stoplight/spectral-rulesets"
