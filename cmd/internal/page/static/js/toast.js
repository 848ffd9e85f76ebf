// Short words that go away by themselves, as Telegram shows them.
import { el } from "./dom.js";

const stay = 5000;
const most = 4;

// toast shows a text for a moment; bad marks something that did not work.
export function toast(text, bad, by) {
  const box = document.getElementById("toasts");
  const shown = el("p", { class: bad ? "toast bad" : "toast" }, by && el("span", { class: "quiet", text: `${by} ` }), el("bdi", { text }));
  box.append(shown);
  while (box.children.length > most) box.firstElementChild.remove();
  setTimeout(() => shown.remove(), stay);
}

// alert shows a text until it is dismissed, as Telegram does where the bot asks for it.
export function alertBox(text) {
  const dialog = el("dialog", { "aria-label": "The bot says" }, el("form", { method: "dialog" },
    el("p", { dir: "auto", text }), el("menu", {}, el("button", { class: "primary", text: "OK" }))));
  dialog.addEventListener("close", () => dialog.remove());
  document.body.append(dialog);
  dialog.showModal();
}
