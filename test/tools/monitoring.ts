export type { Panel as GrafanaPanel } from "@grafana/schema"
export { parser } from "@prometheus-io/lezer-promql"
