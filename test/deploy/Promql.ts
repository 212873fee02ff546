import { parser } from "../tools/monitoring.ts"

type Node = ReturnType<typeof parser.parse>["topNode"]

interface Matcher {
  readonly label: string
  readonly operator: string
  readonly value: string
}

interface Selector {
  readonly metric: string
  readonly matchers: ReadonlyArray<Matcher>
}

export interface Query {
  readonly selectors: ReadonlyArray<Selector>
  /** The labels of `by` and `on`. */
  readonly grouping: ReadonlyArray<string>
  readonly aggregates: boolean
}

const all = (node: Node, name: string): ReadonlyArray<Node> => {
  const found: Array<Node> = []
  node.cursor().iterate((one) => {
    if (one.name === name) found.push(one.node)
  })
  return found
}

/** What an expression asks for. Throws where it is no PromQL; Grafana's variables of time count as five minutes. */
export const queryOf = (expression: string): Query => {
  const text = expression.replaceAll("$__rate_interval", "5m")
  const { topNode } = parser.parse(text)
  const textOf = ({ from, to }: Node) => text.slice(from, to)
  topNode.cursor().iterate(({ type, from }) => {
    if (type.isError) throw new Error(`No PromQL at ${from}: ${text.slice(from, from + 30)}`)
  })
  const matcherOf = (node: Node): Matcher => ({
    label: textOf(node.getChild("LabelName")!),
    operator: textOf(node.getChild("MatchOp")!),
    value: textOf(node.getChild("StringLiteral")!).slice(1, -1)
  })
  return {
    selectors: all(topNode, "VectorSelector").map((selector) => ({
      metric: textOf(selector.getChild("Identifier")!),
      matchers: all(selector, "UnquotedLabelMatcher").map(matcherOf)
    })),
    grouping: all(topNode, "GroupingLabels").flatMap((labels) => all(labels, "LabelName").map(textOf)),
    aggregates: all(topNode, "AggregateExpr").length > 0
  }
}
