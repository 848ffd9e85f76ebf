// A pane with chats of Telegram: the customers' or the team's. One chat is open in it, and one person speaks there.
import { el, icon, soon } from "./dom.js";
import { call, quietly } from "./api.js";
import { Composer } from "./composer.js";
import { messageNode } from "./message.js";
import { on, remember, state, thread } from "./store.js";
import { alertBox, toast } from "./toast.js";
import { askForChat, askForPerson, botMenu } from "./dialogs.js";

const shownAtOnce = 60;
const patience = 20000; // with an answer to a press, in milliseconds

export class Pane {
  // whose is how the pane is called; holds says which chats belong here; attention is called when something happens here that may be out of sight.
  constructor(root, whose, holds, attention) {
    Object.assign(this, { root, holds, attention, topic: 0, person: 0, chat: null, last: new Map(), news: new Set(), pressed: new Map() });
    this.chats = el("ul");
    this.about = el("p", { class: "quiet small" });
    this.menu = el("button", { type: "button", class: "plain icon", "aria-label": "More about this chat", click: () => botMenu(this) }, icon("more"));
    this.topics = el("nav", { class: "topics", "aria-label": `Topics of ${whose} chat` });
    this.list = el("ol", { "aria-label": "Messages" });
    this.earlier = el("button", { type: "button", class: "earlier", text: "Show earlier messages", click: quietly(() => this.showEarlier()) });
    this.empty = el("div", { class: "empty" });
    this.scroll = el("div", { class: "messages", role: "log", "aria-live": "polite", "aria-relevant": "additions", tabindex: "0", "aria-label": "Conversation" },
      this.earlier, this.empty, this.list);
    this.doing = el("p", { class: "doing", hidden: true });
    this.end = el("button", { type: "button", class: "to-end", text: "↓ Newest", hidden: true, click: () => this.toEnd() });
    this.composer = new Composer(this);
    root.append(el("nav", { class: "chats", "aria-label": `List of ${whose} chats` }, this.chats,
      el("button", { type: "button", text: "+", "aria-label": "New chat", title: "New chat", click: quietly(() => this.newChat()) })),
    el("div", { class: "chat-head" }, this.about, this.menu), this.topics, this.scroll, this.doing, this.end, this.composer.form);
    this.scroll.addEventListener("scroll", () => (this.end.hidden = this.wasAtEnd = this.atEnd()));
    const sizes = new ResizeObserver(() => this.wasAtEnd && this.toEnd()); // of the window, and of pictures that have come
    sizes.observe(this.scroll);
    sizes.observe(this.list);
    this.draw = soon(() => this.drawAll());
    this.update = soon(() => this.drawChanged());
    this.changed = new Set();
    on("chats", () => this.chatsChanged());
    on("people", () => this.draw());
    on("messages", (all) => this.messagesChanged(all));
    on("answers", (all) => all.forEach((a) => this.answered(a)));
  }

  // mine are the chats of this pane.
  mine() {
    return [...state.chats.values()].filter((c) => this.holds(c) && !c.gone);
  }

  chatsChanged() {
    const fresh = this.chat && state.chats.get(this.chat.id);
    this.chat = fresh && !fresh.gone ? fresh : this.mine()[0] ?? null;
    if (this.chat && !this.speakers().some((p) => p.id === this.person)) this.person = this.speakers()[0]?.id ?? 0;
    this.draw();
  }

  // speakers are those who can write in the open chat.
  speakers() {
    return this.chat ? this.chat.members : [];
  }

  // open shows a chat and topic, and lets a person speak there if one is named; else the one who spoke there last.
  open(id, topic, person) {
    const chat = state.chats.get(id);
    if (!chat) return;
    if (id !== this.chat?.id || topic !== this.topic) {
      this.composer.leave();
      this.look = 0;
    }
    this.chat = chat;
    this.topic = topic ?? this.busiestTopic();
    this.person = person ?? this.last.get(id) ?? this.speakers()[0]?.id ?? 0;
    this.last.set(id, this.person);
    this.news.delete(`${id}/${this.topic}`);
    this.draw();
    this.stick = true;
  }

  // busiestTopic is the first topic with news, else the last one, where people usually are.
  busiestTopic() {
    const topics = this.chat.topics ?? [];
    return (topics.find((t) => this.news.has(`${this.chat.id}/${t.id}`)) ?? topics.at(-1))?.id ?? 0;
  }

  speakAs(person) {
    this.person = person;
    this.last.set(this.chat.id, person);
    this.draw();
  }

  async newChat() {
    const made = await askForChat();
    if (!made) return;
    this.opening = made.id; // as soon as it is known
    this.draw();
  }

  // invite lets somebody else into the chat.
  async invite() {
    const person = await askForPerson(this.chat);
    if (person) this.speakAs(person);
  }

  messagesChanged(all) {
    if (!all) {
      this.stick = true;
      this.draw();
      return;
    }
    const t = this.chat && thread(this.chat.id, this.topic);
    for (const m of all) {
      if (this.chat && m.chat === this.chat.id && m.topic === this.topic) {
        this.changed.add(m.id);
        this.look = m.edited && all.every((other) => other.edited || !t.messages.has(other.id)) ? m.id : 0;
        this.forced(m);
      } else if (this.holds(state.chats.get(m.chat) ?? {}) && m.bot && !m.edited) {
        this.news.add(`${m.chat}/${m.topic}`);
      }
      if (m.bot && this.holds(state.chats.get(m.chat) ?? {})) this.attention();
    }
    this.update();
  }

  // forced opens the reply field where the bot asks for it, as clients do.
  forced(m) {
    const mine = !m.selective || m.reply_to?.from === this.person || (m.entities ?? []).some((e) => e.user?.id === this.person);
    const at = document.activeElement;
    const typing = at?.matches("textarea, input") && at.value !== "";
    if (!m.force_reply || !m.bot || !mine || m.edited || typing || !this.root.checkVisibility()) return;
    this.composer.reply(m, { prompt: m.prompt, stay: at !== document.body && !this.root.contains(at) });
  }

  drawAll() {
    if (this.opening && state.chats.has(this.opening)) {
      const id = this.opening;
      this.opening = null;
      this.open(id);
    }
    this.drawTabs();
    if (!this.chat) return;
    const { about, members, bot, kind } = this.chat;
    const out = { left: "the bot is not here", kicked: "the bot is not here", restricted: "the bot may not write" }[bot];
    this.about.textContent = [about, kind === "private" ? "" : members.map((p) => p.name).join(", "), out].filter(Boolean).join(" · ");
    this.about.title = this.about.textContent;
    this.composer.people(this.speakers(), this.person);
    this.drawMessages();
  }

  drawTabs() {
    this.chats.replaceChildren(...this.mine().map((c) => el("li", {}, el("button", {
      type: "button", dir: "auto", "aria-current": c.id === this.chat?.id ? "true" : null, text: c.kind === "private" ? `${c.title}, private` : c.title,
      class: [...this.news].some((key) => key.startsWith(`${c.id}/`)) && c.id !== this.chat?.id ? "news" : null, click: () => this.open(c.id),
    }))));
    const topics = this.chat?.topics ?? [];
    this.topics.hidden = topics.length === 0;
    this.topics.replaceChildren(...topics.map((t) => el("button", {
      type: "button", dir: "auto", "aria-current": t.id === this.topic ? "true" : null, text: t.closed ? `${t.name} (closed)` : t.name,
      class: this.news.has(`${this.chat.id}/${t.id}`) ? "news" : null, click: () => this.open(this.chat.id, t.id, this.person),
    })));
  }

  drawMessages() {
    const t = thread(this.chat.id, this.topic);
    const stick = this.stick || this.atEnd();
    const shown = [...t.messages.values()].slice(-(this.wanted() ?? shownAtOnce));
    this.changed.clear();
    this.drawn = `${this.chat.id}/${this.topic}/${this.person}`;
    this.list.replaceChildren(...shown.map((m) => this.node(m)));
    this.earlier.hidden = shown.length === 0 || (shown.length === t.messages.size && (!t.earlier || t.messages.size < 50));
    this.drawEmpty(shown);
    this.drawDoing();
    this.stick = false;
    this.settle(stick);
  }

  // settle scrolls to what is worth a look while the story plays, else to the end where that was in sight before.
  settle(stick) {
    const guided = state.story?.playing || state.story?.working;
    if (guided && this.look) this.jump(this.look);
    else if (stick || guided) this.toEnd();
    this.end.hidden = this.atEnd();
  }

  wanted() {
    return this.more?.key === `${this.chat.id}/${this.topic}` ? this.more.count : null;
  }

  // drawChanged replaces the messages that have changed, and takes away the oldest where there are too many.
  drawChanged() {
    this.drawTabs();
    if (!this.chat || this.changed.size === 0) return;
    if (this.drawn !== `${this.chat.id}/${this.topic}/${this.person}`) return;
    if (this.changed.size > shownAtOnce) {
      this.drawMessages(); // most of them would be made only to be taken away
      return;
    }
    const t = thread(this.chat.id, this.topic);
    const stick = this.atEnd();
    for (const id of this.changed) this.replace(t, id);
    this.changed.clear();
    const most = this.wanted() ?? shownAtOnce;
    while (stick && this.list.children.length > most) {
      this.list.firstElementChild.remove();
      this.earlier.hidden = false;
    }
    this.drawEmpty([...this.list.children]);
    this.drawDoing();
    this.settle(stick);
  }

  replace(t, id) {
    const old = this.list.querySelector(`[data-id="${id}"]`);
    const m = t.messages.get(id);
    if (!m) {
      old?.remove();
      return;
    }
    const first = Number(this.list.firstElementChild?.dataset.id ?? 0);
    if (!old && id < first) return; // earlier than what is shown
    const node = this.node(m);
    node.querySelector(".bubble")?.classList.add("fresh");
    if (old) {
      const focused = old.contains(document.activeElement) ? [...old.querySelectorAll("button, a")].indexOf(document.activeElement) : -1;
      old.replaceWith(node);
      if (focused >= 0) node.querySelectorAll("button, a")[focused]?.focus();
    } else {
      this.list.append(node);
    }
  }

  node(m) {
    const at = `/api/chats/${m.chat}/messages/${m.id}`;
    return messageNode(m, this.person, {
      reply: (m, quote) => this.composer.reply(m, { quote }),
      edit: (m) => this.composer.edit(m),
      remove: quietly(() => call("DELETE", at)),
      react: quietly((m, emoji) => {
        const taken = (m.reactions ?? []).some((r) => r.by === this.person && r.emoji === emoji);
        return call("PUT", `${at}/reaction`, { person: this.person, emoji: taken ? "" : emoji });
      }),
      press: quietly((m, b) => this.press(m, b, at)),
      command: quietly((text) => call("POST", `/api/chats/${m.chat}/messages`, { person: this.person, topic: m.topic, text })),
      jump: (id) => this.jump(id),
    }, new Set(this.pressed.values()));
  }

  async press(m, b, at) {
    const { press } = await call("POST", `${at}/press`, { person: this.person, data: b.callback_data });
    this.pressed.set(press, `${m.id}/${b.callback_data}`);
    this.changed.add(m.id);
    this.update();
    setTimeout(() => {
      if (this.pressed.delete(press)) toast("The bot has not answered that press yet. Is it down?", true);
      this.changed.add(m.id);
      this.update();
    }, patience);
  }

  answered(a) {
    if (!this.holds(state.chats.get(a.chat) ?? {})) return;
    this.pressed.delete(a.press);
    this.changed.add(a.message);
    this.update();
    if (a.alert) alertBox(a.text);
    else if (a.text) toast(a.text, false, `Telegram shows ${a.name}:`);
  }

  drawDoing() {
    const { doing } = this.chat;
    const shown = doing && doing.topic === this.topic && new Date(doing.until) > Date.now();
    this.doing.hidden = !shown;
    if (!shown) return;
    const what = { typing: "typing", upload_photo: "sending a photo", upload_video: "sending a video", upload_document: "sending a file" };
    this.doing.textContent = `The bot is ${what[doing.action] ?? "sending something"} …`;
    setTimeout(() => (this.doing.hidden = true), new Date(doing.until) - Date.now());
  }

  drawEmpty(shown) {
    const quiet = ![...shown].some((m) => !(m.notice || m.classList?.contains("notice")));
    this.empty.hidden = !quiet;
    if (!quiet || this.drawn === this.drawnEmpty) return;
    this.drawnEmpty = this.drawn;
    const hints = {
      private: "Nobody has written here yet. A person begins, the bot cannot.",
      staff: "What your team sees. Ask for any ticket here with /status and its number.",
      group: "Nothing is written here yet. Try:",
    };
    const kind = this.chat.staff ? "staff" : this.chat.kind === "private" ? "private" : "group";
    const line = this.chat.kind === "private" ? "/start" : this.chat.staff ? "/help" : "/ticket My screen is dark";
    const hint = el("p", { text: hints[kind] });
    const at = `/api/chats/${this.chat.id}`;
    this.empty.replaceChildren(hint, el("button", {
      type: "button", class: "primary", text: line,
      click: quietly(() => call("POST", `${at}/messages`, { person: this.person, topic: this.topic, text: line })),
    }));
    if (kind === "private" && this.person) {
      call("GET", `${at}/menu?person=${this.person}`).then((menu) => menu.description && (hint.textContent = menu.description), () => {});
    }
  }

  async showEarlier() {
    const t = thread(this.chat.id, this.topic);
    const first = this.list.firstElementChild;
    const count = this.list.children.length + 50;
    if (t.messages.size < count && t.earlier) {
      const before = t.messages.keys().next().value;
      remember(this.chat.id, this.topic, await call("GET", `/api/chats/${this.chat.id}/messages?topic=${this.topic}&before=${before}`));
    }
    this.more = { key: `${this.chat.id}/${this.topic}`, count };
    const top = first?.getBoundingClientRect().top ?? 0;
    const id = first?.dataset.id;
    this.drawMessages();
    const again = this.list.querySelector(`[data-id="${id}"]`);
    if (again) this.scroll.scrollTop += again.getBoundingClientRect().top - top;
  }

  jump(id) {
    const node = this.list.querySelector(`[data-id="${id}"]`);
    if (!node) return;
    const [box, at] = [this.scroll.getBoundingClientRect(), node.getBoundingClientRect()];
    this.scroll.scrollTop += at.top - box.top - Math.max(0, box.height - at.height) / 2; // the page itself stays where it is
    const bubble = node.querySelector(".bubble");
    bubble?.classList.remove("fresh");
    requestAnimationFrame(() => bubble?.classList.add("fresh"));
  }

  atEnd() {
    return this.scroll.scrollHeight - this.scroll.scrollTop - this.scroll.clientHeight < 60;
  }

  toEnd() {
    this.scroll.scrollTop = this.scroll.scrollHeight;
  }
}
