// One ticket of LiveDesk, and the agent who works on it.
import { el, name, soon } from "./dom.js";
import { call, quietly } from "./api.js";
import { Chooser, fileCard, picture } from "./files.js";
import { state } from "./store.js";
import { moment } from "./time.js";
import { jsonNodes } from "./json.js";

const choices = {
  status: ["open", "in_progress", "pending", "resolved", "closed"],
  priority: ["low", "medium", "normal", "high", "urgent"],
  type: ["None", "problem", "incident", "question", "task"],
};
const views = [["talk", "Conversation"], ["sent", "JSON as sent"], ["read", "JSON as read"]];

export class TicketView {
  constructor() {
    this.view = "talk";
    this.root = el("article", { class: "ticket", hidden: true });
    this.head = el("div", { class: "views", role: "group", "aria-label": "Ways to see this ticket" });
    this.body = el("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": "Ticket" });
    this.text = el("textarea", { rows: "2", "aria-label": "Write as the agent", keydown: (event) => this.typed(event) });
    this.form = el("form", { class: "answer", submit: (event) => (event.preventDefault(), this.write(false)) });
    this.files = new Chooser(this.form, "Files of the agent");
    this.hint = el("span", { class: "quiet small" });
    this.form.append(this.files.list, this.text, el("div", { class: "row" }, this.files.button, this.hint,
      el("button", { type: "button", text: "Note internally", click: () => this.write(true) }), el("button", { class: "primary", text: "Answer" })));
    this.root.append(this.head, this.body, this.form);
    this.body.addEventListener("load", () => this.stick && this.toEnd(), true);
    this.write = quietly(this.write.bind(this));
    this.refresh = soon(quietly(() => this.load()));
  }

  open(id) {
    if (id !== this.id) this.ticket = null;
    this.id = id;
    this.root.hidden = id === null;
    if (id !== null) {
      this.text.placeholder = `Answer as ${state.agent}`;
      this.hint.textContent = `You are ${state.agent}, an agent`;
      this.refresh();
    }
  }

  async load() {
    const { id } = this;
    if (!id) return;
    const fresh = !this.ticket;
    const ticket = await call("GET", `/api/tickets/${encodeURIComponent(id)}`);
    if (id !== this.id) return;
    this.ticket = ticket;
    this.draw(fresh);
  }

  draw(fresh) {
    const t = this.ticket;
    this.head.replaceChildren(...views.map(([view, label]) => el("button", {
      type: "button", text: label, "aria-current": view === this.view ? "true" : null,
      click: () => {
        this.view = view;
        this.draw(true);
        [...this.head.children][views.findIndex(([other]) => other === view)].focus();
      },
    })));
    this.form.hidden = this.view !== "talk";
    const atEnd = this.body.scrollHeight - this.body.scrollTop - this.body.clientHeight < 40;
    const focused = this.body.contains(document.activeElement) ? document.activeElement.name : null;
    this.body.replaceChildren(...(this.view === "talk" ? this.talk(t) : this.json(t)));
    if (focused) this.body.querySelector(`[name="${focused}"]`)?.focus();
    const entries = t.messages?.length ?? 0;
    const fields = [t.status, t.priority, t.type, t.team].join();
    this.stick = false;
    if (fresh || (fields !== this.was && entries === this.entries)) this.body.scrollTop = 0;
    else if (atEnd || entries > this.entries) this.toEnd();
    [this.entries, this.was] = [entries, fields];
  }

  toEnd() {
    this.stick = true; // also when pictures have come
    this.body.scrollTop = this.body.scrollHeight;
  }

  talk(t) {
    return [
      el("h3", { dir: "auto", text: t.title }),
      el("p", { class: "from quiet", dir: "auto", text: this.from(t) }), this.fields(t), this.extra(t),
      el("section", { class: "entry description", "aria-label": "Description" }, el("div", { class: "head" }, el("b", { text: "Description" })),
        t.description ? el("p", { dir: "auto", text: t.description }) : el("p", { class: "quiet", text: "None" }), (t.files ?? []).map((f) => this.file(f))),
      ...(t.messages ?? []).map((m) => this.message(m)),
    ];
  }

  fields(t) {
    const pick = (field, label, values) => el("label", {}, el("span", { class: "quiet", text: label }), el("select", {
      name: field, change: quietly((event) => this.change({ [field]: event.target.value })),
    }, [...new Set([...values, t[field] ?? ""])].map((value) => el("option", { value, text: value.replaceAll("_", " ") || "none", selected: value === (t[field] ?? "") }))));
    return el("div", { class: "fields" }, pick("status", "Status", choices.status), pick("priority", "Priority", choices.priority),
      pick("type", "Type", choices.type), pick("team", "Team", ["", ...state.teams]));
  }

  // from says who asked where.
  from(t) {
    const chat = state.chats.get(Number(t.contact.chat));
    const topic = chat?.topics?.find((one) => String(one.id) === t.contact.topic);
    const where = [chat?.title ?? t.contact.chat, topic?.name].filter(Boolean).join(" › ");
    return `${t.id} · ${t.from || "somebody"} in ${where}${t.stars ? ` · ${"★".repeat(t.stars)}` : ""}`;
  }

  facts(t) {
    const rows = [
      ["Channel", t.contact.channel],
      ["Contact", [t.contact.chat, t.contact.topic && `topic ${t.contact.topic}`, t.contact.euid].filter(Boolean).join(", ")],
      ["Followers", t.contact.followers.join(", ")],
      ["Fields", Object.entries(t.fields ?? {}).map(([key, value]) => `${key}=${value}`).join(", ")],
      ["Tags", (t.tags ?? []).join(", ")],
      ["Promised", t.promised && moment(t.promised)],
      ["Rating", t.stars ? `${"★".repeat(t.stars)} ${t.feedback}` : ""],
    ];
    return el("dl", { class: "facts" }, rows.filter(([, value]) => value).flatMap(([label, value]) => [el("dt", { text: label }), el("dd", { dir: "auto", text: value })]));
  }

  extra(t) {
    const box = el("details", { class: "extra", open: this.extraOpen, toggle: () => (this.extraOpen = box.open) },
      el("summary", { text: "Details, promise, rating, delete" }), this.facts(t),
      el("form", { submit: quietly((event) => this.promise(event)) }, el("label", {}, "Solve within ", el("input", { name: "hours", type: "number", min: "1", max: "1000", value: "4" }), " hours"),
        el("button", { text: "Promise" })),
      el("form", { submit: quietly((event) => this.rate(event)) }, el("label", {}, "The customer rates ", el("input", { name: "stars", type: "number", min: "1", max: "5", value: "5" })),
        el("input", { name: "feedback", "aria-label": "What the customer says to it", placeholder: "Fast!" }), el("button", { text: "Rate" })),
      el("form", { submit: (event) => event.preventDefault() },
        el("button", { type: "button", class: "danger", text: "Delete this ticket", click: quietly(() => call("DELETE", `/api/tickets/${encodeURIComponent(t.id)}`)) })));
    return box;
  }

  async promise(event) {
    event.preventDefault();
    await this.change({ promise_hours: Number(new FormData(event.target).get("hours")) });
  }

  async rate(event) {
    event.preventDefault();
    const form = new FormData(event.target);
    await this.change({ stars: Number(form.get("stars")), feedback: form.get("feedback") });
  }

  change(what) {
    return call("PATCH", `/api/tickets/${encodeURIComponent(this.id)}`, what);
  }

  message(m) {
    return el("section", { class: m.internal ? "entry internal" : "entry", "aria-label": `${m.internal ? "Internal note" : "Message"} of ${m.name}` },
      el("div", { class: "head" }, el("b", {}, name(m.name)), m.internal ? el("span", { text: "internal, customers never see it" }) : null,
        el("time", { datetime: m.at, text: moment(m.at) })),
      m.text ? el("p", { dir: "auto", text: m.text }) : null, (m.files ?? []).map((f) => this.file(f)));
  }

  file(f) {
    const address = f.shown ? `/api/tickets/${encodeURIComponent(this.id)}/file?url=${encodeURIComponent(f.url)}` : null;
    return picture(f, address) ?? fileCard(f, address);
  }

  json(t) {
    if (this.view === "read") return [el("p", { class: "quiet small", text: "What LiveDesk answers when the bot looks at this ticket." }), el("pre", { class: "json" }, jsonNodes(t.read))];
    return t.sent.flatMap((body, i) => [
      el("p", { class: "quiet small", text: i === 0 ? "The request that made it" : `Change ${i}` }), el("pre", { class: "json" }, jsonNodes(body)),
    ]);
  }

  typed(event) {
    if (event.key === "Enter" && !event.shiftKey && !event.isComposing) {
      event.preventDefault();
      this.write(false);
    }
  }

  async write(internal) {
    const text = this.text.value;
    if (text.trim() === "" && this.files.files.length === 0) {
      this.text.focus();
      return;
    }
    await call("POST", `/api/tickets/${encodeURIComponent(this.id)}/messages`, { text, internal, files: await this.files.ids() });
    this.text.value = "";
    this.files.clear();
    this.toEnd();
  }
}
