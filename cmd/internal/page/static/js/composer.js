// Where a person writes in a chat.
import { el, icon, name } from "./dom.js";
import { call, quietly } from "./api.js";
import { Chooser } from "./files.js";
import { Suggestions } from "./suggest.js";
import { state } from "./store.js";

const someoneNew = "new";

// Composer writes into the place of a pane. wants is called with "person" when another one shall speak, "new" for a stranger.
export class Composer {
  constructor(pane) {
    this.pane = pane;
    this.who = el("select", { change: () => this.choose() });
    this.text = el("textarea", { rows: "1", input: () => this.grow(), keydown: (event) => this.typed(event) });
    this.aim = el("div", { class: "aim", hidden: true });
    this.form = el("form", { class: "composer", submit: (event) => (event.preventDefault(), this.send()) });
    this.files = new Chooser(this.form, "Photos or files");
    this.suggestions = new Suggestions(this.text, pane);
    this.form.append(
      el("div", { class: "who" }, el("label", {}, "Writing as ", this.who), el("span", { class: "hint quiet small", text: "Type / for commands" })),
      this.aim, this.files.list, this.suggestions.box,
      el("div", { class: "row" }, this.files.button, this.text,
        el("button", { class: "primary icon", "aria-label": "Send", title: "Send (Enter)" }, icon("send"))));
    this.replying = this.editing = null;
    this.send = quietly(this.send.bind(this));
  }

  // people shows who may speak here.
  people(members, current) {
    const label = (p) => (p.language ? `${p.name} (${p.language})` : p.name);
    const options = members.map((p) => el("option", { value: p.id, text: label(p), selected: p.id === current }));
    if (this.pane.chat.kind !== "private") options.push(el("option", { value: someoneNew, text: "Someone else …" }));
    this.who.replaceChildren(...options);
    this.who.value = current;
    const person = state.people.get(current);
    this.usual = person ? `Message as ${person.name}` : "Message";
    this.text.placeholder = this.prompt || this.usual;
    this.text.setAttribute("aria-label", `Message as ${person?.name ?? "somebody"} in ${this.pane.chat.title}`);
  }

  choose() {
    if (this.who.value === someoneNew) {
      this.who.value = this.pane.person;
      this.pane.invite();
      return;
    }
    this.pane.speakAs(Number(this.who.value));
  }

  // reply aims at a message, or at the part of it in quote. prompt stands in the empty field; stay leaves the focus where it is.
  reply(m, { quote, prompt, stay } = {}) {
    this.leave();
    Object.assign(this, { replying: m, quote, prompt });
    this.showAim(quote ? "Quote " : "Reply to ", m.bot ? "the bot" : m.from.name, quote ? `“${quote}”` : m.text);
    if (prompt) this.text.placeholder = prompt;
    if (!stay) this.text.focus();
  }

  edit(m) {
    this.leave();
    this.editing = m;
    this.text.value = m.text ?? "";
    this.grow();
    this.showAim("Edit", "", m.text);
    this.text.focus();
  }

  showAim(what, who, text) {
    this.aim.hidden = false;
    this.aim.replaceChildren(el("p", {}, el("b", {}, what, name(who)), " ", el("bdi", { text: (text ?? "").slice(0, 100) })),
      el("button", { type: "button", class: "plain icon", "aria-label": "Do not", title: "Escape", click: () => this.leave() }, icon("close")));
  }

  // leave forgets what was to be replied to or edited.
  leave() {
    if (this.editing) {
      this.text.value = "";
      this.grow();
    }
    this.replying = this.editing = null;
    this.quote = this.prompt = "";
    this.text.placeholder = this.usual ?? "";
    this.aim.hidden = true;
  }

  typed(event) {
    if (this.suggestions.key(event)) return;
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.send();
    } else if (event.key === "Escape") {
      this.leave();
    }
  }

  grow() {
    this.text.style.height = "auto";
    this.text.style.height = `${Math.min(this.text.scrollHeight + 2, 144)}px`;
    this.suggestions.look();
  }

  async send() {
    const text = this.text.value;
    if (this.sending || (text.trim() === "" && this.files.files.length === 0)) return;
    this.sending = true;
    try {
      await this.write(text);
      this.text.value = "";
      this.suggestions.clear();
      this.files.clear();
      this.editing = null;
      this.leave();
      this.grow();
      this.pane.toEnd();
    } finally {
      this.sending = false;
    }
  }

  async write(text) {
    const at = `/api/chats/${this.pane.chat.id}/messages`;
    if (this.editing) {
      await call("PATCH", `${at}/${this.editing.id}`, { text });
      return;
    }
    await call("POST", at, {
      person: this.pane.person, topic: this.pane.topic, text, reply_to: this.replying?.id ?? 0, quote: this.quote ?? "",
      mentions: this.suggestions.mentioned(text), files: await this.files.ids(),
    });
  }
}
