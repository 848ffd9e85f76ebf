// The guided story: what happens, what to look at, and how to go on.
import { el, icon } from "./dom.js";
import { call, quietly } from "./api.js";
import { on, state } from "./store.js";

const pace = 7; // seconds to look at a step

// story shows the bar. show(step) brings the place of a step into view.
export function story(root, show) {
  let shown = 0;
  let drawn = "";
  on("story", () => {
    const s = state.story;
    const now = JSON.stringify([s.step, s.playing, s.working, s.failed, s.steps[s.step - 1]?.checks]);
    if (now !== drawn) {
      draw(root, s);
      drawn = now;
    }
    const at = `${s.step}/${s.working}`;
    if (s.step > 0 && at !== shown) show(s.steps[s.step - 1]);
    shown = at;
  });
}

const order = (what) => quietly(() => call("POST", "/api/story", { do: what, seconds: pace }));

function draw(root, s) {
  const focused = root.contains(document.activeElement) ? document.activeElement.dataset.do : null;
  const button = (what, label, shape, primary) => el("button", {
    type: "button", "data-do": what, class: primary ? "primary" : null, click: order(what),
  }, icon(shape), label);
  const over = s.failed || (s.step === s.steps.length && !s.working);
  const controls = s.step === 0 ? [button("play", "Play the story", "play", true)]
    : over ? [button("restart", "Play again", "again")]
      : [s.playing ? button("pause", "Pause", "pause", true) : button("play", "Go on", "play", true), button("next", "Next step", "next")];
  root.replaceChildren(el("div", { class: "controls" }, controls), what(s),
    ...(s.step > 0 ? [el("progress", { value: s.step, max: s.steps.length, "aria-label": `Step ${s.step} of ${s.steps.length}` })] : []));
  if (focused) (root.querySelector(`[data-do="${focused}"]`) ?? root.querySelector("button")).focus();
}

function what(s) {
  if (s.step === 0) {
    return el("div", { class: "what" }, el("h2", { text: "See it in two minutes" }),
      el("p", { text: "A customer asks in Telegram, your agent answers in LiveDesk, the bot carries it between them. Stop the story and take over whenever you like: every control works at any time." }));
  }
  const step = s.steps[s.step - 1];
  return el("div", { class: "what", role: "status" },
    el("h2", {}, el("span", { class: "step", text: `${s.step} of ${s.steps.length}  ` }), step.title),
    el("p", { text: step.look }),
    step.checks ? el("ul", { class: "checks" }, step.checks.map((text) => el("li", { text }))) : null,
    s.failed ? el("p", { class: "failed", text: `This did not happen: ${s.failed}. If a trouble is switched on, switch it off and play again.` }) : null);
}
