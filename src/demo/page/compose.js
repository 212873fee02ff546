import { drawAnswer } from "./answer.js"
import { $, call, element, listen, on, say } from "./common.js"
import { chartOf, drawChart } from "./compositionChart.js"
import { certificate, figures, listed, overtakenText, refusal, stateText } from "./compositionWords.js"
import { drawKept, forgetKept, locksOf } from "./kept.js"

/** The open plan, how a write of it is taken over, and the composition that is shown. */
let open

const isLive = ({ composition }) => composition !== undefined && composition.finished_at === null

const pathOf = ({ of, composition }) => `/plans/${of.plan.id}/compositions/${composition.id}`

/** A text that is told when it changes must not be set again. */
const write = (id, text) => {
  if ($(id).textContent !== text) $(id).textContent = text
}

/** Which composition a window shows of a plan, for after a reload. */
const keyOf = ({ of }) => `composing.${of.plan.id}`

/** Either one is begun or another stopped; the keyboard stays where it was. */
const showControls = (shown) => {
  const [form, stop] = [$("new-composition"), $("stop-composition")]
  const hadFocus = form.contains(document.activeElement) || stop === document.activeElement
  form.hidden = isLive(shown)
  stop.hidden = !isLive(shown)
  if (hadFocus) (isLive(shown) ? stop : $("begin-composition")).focus()
}

const show = (shown) => {
  const { composition } = shown
  $("composition").hidden = composition === undefined
  showControls(shown)
  if (composition === undefined) return
  write("composition-state", isLive(shown) ? stateText(composition) : certificate(composition))
  write("composition-figures", figures(composition))
  drawChart(chartOf(composition))
}

/** Shows the answer beside the plan as it now is. */
const showAnswer = async (shown) => {
  const { composition, of } = shown
  const has = composition !== undefined && !isLive(shown) && (composition.raids ?? null) !== null
  if (!has) {
    $("answer").hidden = true
    return
  }
  const { plan } = of
  const { comparison } = await call("GET", `${pathOf(shown)}/compare?with=plan`)
  if (open !== shown || shown.composition !== composition || of.plan !== plan) return
  drawAnswer(of, composition, comparison)
  $("answer").hidden = false
}

const stopListening = (shown) => {
  shown.source?.close()
  clearTimeout(shown.again)
}

const showList = async (shown) => {
  const { compositions } = await call("GET", `/plans/${shown.of.plan.id}/compositions`)
  if (open !== shown) return []
  const lines = compositions.map((one) => {
    const button = element("button", { className: "link", onclick: on(() => pick(shown, one)) }, "show")
    return element("li", {}, `${listed(one)} `, button)
  })
  $("composition-list").replaceChildren(...lines)
  $("compositions").hidden = lines.length === 0
  return compositions
}

/** Takes a composition in full, and goes on listening while it lives. */
const take = async (shown, composition) => {
  stopListening(shown)
  shown.composition = composition
  write("composition-live", "")
  show(shown)
  if (isLive(shown)) follow(shown)
  else await Promise.all([showAnswer(shown), showList(shown)])
}

/** Reads the shown composition; what keeps it from that is told, and tried again. */
const resume = async (shown) => {
  stopListening(shown)
  const asked = shown.composition.id
  try {
    const { composition } = await call("GET", pathOf(shown))
    if (open === shown && shown.composition?.id === asked) await take(shown, composition)
  } catch (error) {
    if (open !== shown) return
    const isFinal = error.status < 500 && error.status !== 429
    const reason = error.status === undefined ? "The service does not answer." : error.message
    write("composition-live", `Not live: ${reason}${isFinal ? "" : " It is tried again…"}`)
    if (!isFinal) shown.again = setTimeout(resume, 2000, shown)
  }
}

const follow = (shown) => {
  const source = listen(`${pathOf(shown)}/events`)
  shown.source = source
  source.addEventListener("composition", ({ data }) => {
    const { composition } = JSON.parse(data)
    if (composition.finished_at !== null) {
      resume(shown)
      return
    }
    shown.composition = composition
    show(shown)
  })
  source.addEventListener("open", () => write("composition-live", "live"))
  source.addEventListener("error", () => {
    write("composition-live", "reconnecting…")
    // The browser connects again by itself, unless it was answered by something else than events.
    if (source.readyState === EventSource.CLOSED) shown.again = setTimeout(resume, 2000, shown)
  })
}

const pick = async (shown, composition) => {
  stopListening(shown)
  shown.composition = composition
  $("answer").hidden = true
  $("compose").open = true
  sessionStorage.setItem(keyOf(shown), composition.id)
  show(shown)
  await resume(shown)
}

const putAway = async (shown) => {
  stopListening(shown)
  shown.composition = undefined
  sessionStorage.removeItem(keyOf(shown))
  $("answer").hidden = true
  show(shown)
  $("begin-composition").focus()
}

const wishesOf = ({ plan }, { elements: { mains_only: mains, balance, seconds } }) => ({
  mains_only: mains.checked,
  prefer: { balance: balance.checked },
  seconds: Number(seconds.value),
  locks: locksOf(plan)
})

$("new-composition").addEventListener(
  "submit",
  on(async ({ target }) => {
    const shown = open
    const { plan } = shown.of
    try {
      const { composition } = await call("POST", `/plans/${plan.id}/compose`, wishesOf(shown.of, target))
      if (open === shown) await pick(shown, composition)
    } catch (error) {
      error.message = refusal(error, plan)
      throw error
    }
  })
)

$("stop-composition").addEventListener(
  "click",
  on(async () => {
    const shown = open
    const { composition } = await call("DELETE", pathOf(shown))
    if (open === shown && shown.composition?.id === composition.id) await take(shown, composition)
  })
)

$("drop-composition").addEventListener(
  "click",
  on(async () => {
    await putAway(open)
    say("The plan stays as it is. The composition is among the earlier ones.")
  })
)

/** Somebody else wrote the plan: what is shown is from the plan as that left it. */
const overtaken = async ({ of, taken }, error) => {
  if (error.status !== 412) return
  const { plan } = await call("GET", `/plans/${of.plan.id}`)
  await taken(plan)
  error.message = overtakenText(error)
}

$("accept-composition").addEventListener(
  "click",
  on(() => {
    const shown = open
    return shown.inTurn(async () => {
      try {
        const { plan } = await call("POST", `${pathOf(shown)}/accept`, undefined, shown.of.plan.revision)
        if (open !== shown) return
        await putAway(shown)
        await shown.taken(plan)
        say(`The plan is as it was composed, at revision ${plan.revision}.`)
      } catch (error) {
        if (open === shown) await overtaken(shown, error)
        throw error
      }
    })
  })
)

/** What is shown of seats follows the plan. */
export const composingFollows = async () => {
  if (open === undefined) return
  drawKept(open.of.plan)
  await showAnswer(open)
}

/** Offers to compose a plan, and goes on with what is being composed. */
export const openComposing = async (of, ways) => {
  if (!of.mayEdit) return
  const shown = { of, ...ways, composition: undefined }
  open = shown
  $("compose").hidden = false
  $("compose").open = false
  $("answer").hidden = true
  forgetKept()
  $("balanced").hidden = of.plan.raids.length === 1
  $("new-composition").reset()
  drawKept(of.plan)
  show(shown)
  const compositions = await showList(shown)
  const last = sessionStorage.getItem(keyOf(shown))
  const found = compositions.find(({ id }) => id === last) ?? compositions.find((one) => isLive({ composition: one }))
  if (open === shown && found !== undefined) await pick(shown, found)
}

export const closeComposing = () => {
  if (open !== undefined) stopListening(open)
  open = undefined
  $("compose").hidden = true
}
