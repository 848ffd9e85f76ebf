// What the service logs, and what LiveDesk is asked.
import { el, soon } from "./dom.js";
import { on, state } from "./store.js";

const tabs = [["log", "Service log"], ["calls", "LiveDesk's requests"]];

export function log(root) {
  let tab = "log";
  const buttons = tabs.map(([name, label]) => el("button", {
    type: "button", text: label,
    click: () => {
      tab = name;
      draw();
    },
  }));
  const lines = el("div", { class: "lines", role: "log", "aria-live": "off", tabindex: "0", "aria-label": "Lines" });
  root.append(el("header", {}, el("h2", { text: "Behind the scenes" }), buttons), lines);
  const draw = soon(() => {
    buttons.forEach((button, i) => (tabs[i][0] === tab ? button.setAttribute("aria-current", "true") : button.removeAttribute("aria-current")));
    const stick = lines.scrollHeight - lines.scrollTop - lines.clientHeight < 30;
    lines.replaceChildren(...(tab === "log" ? state.log.map(logLine) : state.calls.map(callLine)));
    if (lines.children.length === 0) lines.append(el("p", { class: "quiet", text: "Nothing yet." }));
    if (stick) lines.scrollTop = lines.scrollHeight;
  });
  on("log", draw);
  on("calls", draw);
}

function logLine({ text }) {
  const level = /level=(WARN|ERROR)/.exec(text)?.[1]?.toLowerCase();
  return el("p", { class: level ?? (text.startsWith("---") ? "ours" : null), text: text.replace(/^time=\S+T(\d\d:\d\d:\d\d)\S* /, "$1 ") });
}

function callLine(c) {
  const bad = c.status !== 200;
  const outcome = c.status === 0 ? "the answer was lost" : `answered ${c.status}`;
  return el("p", { class: bad ? "error" : null, text: `${c.at.slice(11, 19)} ${c.method} ${c.path}: ${outcome}${c.fault ? ` (${c.fault})` : ""}` });
}
