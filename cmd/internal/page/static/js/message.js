// One message of a chat.
import { el, name, icon, popover } from "./dom.js";
import { rich } from "./text.js";
import { hour, moment } from "./time.js";
import { fileCard, picture } from "./files.js";
import { state } from "./store.js";
import { toast } from "./toast.js";

// messageNode shows a message as the person sees it. acts are what can be done with it: reply, edit, remove, react, press,
// command, jump. pressed are presses that the bot has not answered yet, as "message/data".
export function messageNode(m, person, acts, pressed) {
  if (m.notice) return el("li", { class: "message notice", "data-id": m.id }, el("p", { dir: "auto", text: m.notice }));
  const own = m.from.id === person && !m.bot;
  const by = m.bot ? "the bot" : m.from.name;
  return el("li", { class: own ? "message own" : "message", "data-id": m.id },
    el("div", { class: "line" }, bubble(m, own, acts), actions(m, own, by, person, acts)),
    keyboard(m, acts, pressed), reactions(m, person, acts));
}

function bubble(m, own, acts) {
  return el("div", { class: "bubble" },
    own ? el("span", { class: "unseen", text: `${m.from.name}, yourself: ` }) : name(m.bot ? `${m.from.name} · bot` : m.from.name, { class: "name" }),
    replyLine(m, acts), attachment(m),
    m.text ? el("div", { class: "text", dir: "auto" }, rich(m.text, m.entities, acts.command)) : null,
    el("p", { class: "meta" }, m.edited ? "edited " : "", el("time", { datetime: m.date, title: moment(m.date), text: hour(m.date) })));
}

function replyLine(m, acts) {
  if (!m.reply_to) return null;
  const { id, name: who, text, quote } = m.reply_to;
  return el("button", { type: "button", class: "reply-line", "aria-label": `In reply to ${who}: ${text}`, click: () => acts.jump(id) },
    el("b", {}, name(who)), el("span", { dir: "auto", text: quote ? `“${text}”` : text }));
}

function attachment(m) {
  if (!m.file) return null;
  const address = m.file.shown ? `/api/files/${encodeURIComponent(m.file.id)}` : null;
  return picture(m.file, address) ?? fileCard(m.file, address);
}

function actions(m, own, by, person, acts) {
  const more = el("button", { type: "button", "aria-label": `More about this message of ${by}`, title: "React, edit, delete" }, icon("more"));
  more.addEventListener("click", () => popover(more, `This message of ${by}`, [
    el("div", { class: "emoji" }, state.emoji.map((emoji) => el("button", {
      type: "button", text: emoji, "aria-label": `React with ${emoji}`,
      "aria-pressed": (m.reactions ?? []).some((r) => r.by === person && r.emoji === emoji),
      click: () => acts.react(m, emoji),
    }))),
    el("button", { type: "button", text: "Reply", click: () => acts.reply(m) }),
    own && el("button", { type: "button", text: "Edit", click: () => acts.edit(m) }),
    own && el("button", { type: "button", class: "danger", text: "Delete", click: () => acts.remove(m) }),
  ].filter(Boolean)));
  const reply = el("button", { type: "button", "aria-label": `Reply to ${by}`, title: "Reply; quotes the part that is selected" }, icon("reply"));
  let quote = "";
  reply.addEventListener("pointerdown", () => (quote = selectedOf(m))); // the press itself may end the selection
  reply.addEventListener("click", () => acts.reply(m, quote || selectedOf(m)));
  return el("div", { class: "acts" }, reply, more);
}

// selectedOf is the part of a message's text that is selected, if it stands in it as it is shown.
function selectedOf(m) {
  const selection = document.getSelection();
  const own = (node) => node?.parentElement?.closest(".bubble .text")?.closest(".message")?.dataset.id === String(m.id);
  const part = own(selection.anchorNode) && own(selection.focusNode) ? selection.toString().trim() : "";
  return m.text?.includes(part) ? part : "";
}

function keyboard(m, acts, pressed) {
  if (!m.buttons?.length) return null;
  return el("div", { class: "keyboard", role: "group", "aria-label": "Buttons of this message" },
    m.buttons.map((row) => el("div", {}, row.map((b) => key(m, b, acts, pressed)))));
}

function key(m, b, acts, pressed) {
  if (b.url) return el("a", { href: /^https?:/.test(b.url) ? b.url : null, target: "_blank", rel: "noopener noreferrer", dir: "auto", text: `${b.text} ↗` });
  if (b.copy_text) {
    return el("button", {
      type: "button", class: b.style, dir: "auto", text: b.text, title: `Copies ${b.copy_text.text}`, click: () => copy(b.copy_text.text),
    });
  }
  const busy = pressed.has(`${m.id}/${b.callback_data}`);
  return el("button", {
    type: "button", class: b.style, dir: "auto", text: b.text, "aria-busy": busy ? "true" : null, click: () => acts.press(m, b),
  });
}

async function copy(text) {
  try {
    await navigator.clipboard.writeText(text);
    toast(`Copied: ${text}`);
  } catch {
    toast(`The browser does not let this page copy: ${text}`, true);
  }
}

function reactions(m, person, acts) {
  if (!m.reactions?.length) return null;
  const groups = Map.groupBy(m.reactions, (r) => r.emoji);
  return el("div", { class: "reactions" }, [...groups].map(([emoji, all]) => {
    const mine = all.some((r) => r.by === person);
    const names = all.map((r) => r.name).join(", ");
    return el("button", {
      type: "button", "aria-pressed": mine, title: names, "aria-label": `${emoji} from ${names}`, click: () => acts.react(m, emoji),
    }, emoji, all.length > 1 ? ` ${all.length}` : "");
  }));
}
