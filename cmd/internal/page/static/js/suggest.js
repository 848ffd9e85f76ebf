// What Telegram offers while one types: the bot's commands after "/", people after "@".
import { el } from "./dom.js";
import { call } from "./api.js";

let count = 0;

export class Suggestions {
  constructor(text, pane) {
    this.text = text;
    this.pane = pane;
    this.all = [];
    this.named = new Map(); // people chosen who have no @username
    this.box = el("div", { class: "suggest", role: "listbox", "aria-label": "Suggestions", id: `suggest-${++count}`, hidden: true });
    text.setAttribute("aria-autocomplete", "list");
    text.setAttribute("aria-controls", this.box.id);
    text.addEventListener("blur", () => this.hide());
  }

  // look offers what fits what stands before the cursor.
  async look() {
    const before = this.before();
    const command = before.match(/^\/([a-z0-9_]*)$/i);
    const person = before.match(/(?:^|\s)@(\S*)$/);
    if (command) await this.commands(before);
    else if (person) this.people(person[1].toLowerCase());
    else this.hide();
  }

  before() {
    return this.text.value.slice(0, this.text.selectionStart);
  }

  async commands(before) {
    const asked = `${this.pane.chat.id}/${this.pane.person}`;
    if (this.asked !== asked || Date.now() - this.at > 5000) {
      this.menu = await call("GET", `/api/chats/${this.pane.chat.id}/menu?person=${this.pane.person}`);
      this.asked = asked;
      this.at = Date.now();
    }
    if (this.before() !== before) return; // more was typed while the menu was on its way
    this.show((this.menu.commands ?? []).filter((c) => `/${c.command}`.startsWith(before.toLowerCase())).map((c) => ({
      label: `/${c.command}`, about: c.description, insert: `/${c.command} `, from: 0,
    })));
  }

  people(begin) {
    const from = this.before().lastIndexOf("@");
    this.show(this.pane.chat.members.filter((p) => p.name.toLowerCase().startsWith(begin) || p.username?.toLowerCase().startsWith(begin))
      .map((p) => ({ label: p.name, about: p.username ? `@${p.username}` : "", insert: `${p.username ? `@${p.username}` : p.name} `, from, person: p })));
  }

  show(all) {
    this.all = all;
    this.chosen = 0;
    this.box.hidden = all.length === 0;
    this.box.replaceChildren(...all.map((one, i) => el("div", {
      role: "option", id: `${this.box.id}-${i}`, mousedown: (event) => (event.preventDefault(), this.take(i)),
    }, el("b", { text: one.label }), el("span", { text: one.about }))));
    this.mark();
  }

  mark() {
    [...this.box.children].forEach((option, i) => option.setAttribute("aria-selected", i === this.chosen));
    if (this.all.length > 0) {
      this.text.setAttribute("aria-activedescendant", `${this.box.id}-${this.chosen}`);
      this.box.children[this.chosen].scrollIntoView({ block: "nearest" });
    } else {
      this.text.removeAttribute("aria-activedescendant");
    }
  }

  hide() {
    this.show([]);
  }

  // key reports whether a key was for the list.
  key(event) {
    if (this.all.length === 0) return false;
    const move = { ArrowDown: 1, ArrowUp: -1 }[event.key];
    const typed = this.all[this.chosen].insert.trim() === this.text.value.trim();
    if (move) {
      this.chosen = (this.chosen + move + this.all.length) % this.all.length;
      this.mark();
    } else if (event.key === "Tab" || (event.key === "Enter" && !typed)) {
      this.take(this.chosen);
    } else if (event.key === "Escape") {
      this.hide();
    } else {
      return false;
    }
    event.preventDefault();
    return true;
  }

  take(i) {
    const { insert, from, person } = this.all[i];
    const after = this.text.value.slice(this.text.selectionStart);
    this.text.value = this.text.value.slice(0, from) + insert + after;
    this.text.selectionStart = this.text.selectionEnd = from + insert.length;
    if (person && !person.username) this.named.set(person.id, person.name);
    this.hide();
  }

  // mentioned are the chosen people whose names are still in the text.
  mentioned(text) {
    return [...this.named].filter(([, name]) => text.includes(name)).map(([id]) => id);
  }

  clear() {
    this.named.clear();
    this.hide();
  }
}
