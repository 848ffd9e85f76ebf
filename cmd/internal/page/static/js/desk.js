// LiveDesk: the list of tickets, or one of them.
import { el, name, soon } from "./dom.js";
import { on, state } from "./store.js";
import { moment } from "./time.js";
import { TicketView } from "./ticket.js";

const shownAtOnce = 40;

export class Desk {
  constructor(root, attention) {
    Object.assign(this, { root, count: shownAtOnce, open: null });
    this.back = el("button", { type: "button", text: "← All tickets", hidden: true, click: () => this.show(null) });
    this.title = el("h2");
    this.filter = el("input", { type: "search", placeholder: "Find", "aria-label": "Find tickets", input: () => this.draw() });
    this.list = el("ul", { class: "tickets", "aria-label": "Tickets" });
    this.view = new TicketView();
    root.append(el("div", { class: "desk-head" }, this.back, this.title, this.filter), this.list, this.view.root);
    this.draw = soon(() => this.drawList());
    on("tickets", (changed) => {
      if (changed === null) this.view.refresh();
      for (const t of changed ?? []) {
        this.latest = t.id;
        if (t.id === this.open) this.view.refresh();
      }
      if (this.open && !state.tickets.has(this.open)) this.show(null);
      if (changed?.length) attention();
      this.draw();
    });
    this.show(null);
  }

  // show opens a ticket, or the list.
  show(id) {
    this.open = id;
    this.back.hidden = id === null;
    this.filter.hidden = this.list.hidden = id !== null;
    this.view.open(id);
    this.draw();
  }

  // showLatest opens the ticket that has changed last.
  showLatest() {
    if (this.latest && state.tickets.has(this.latest)) this.show(this.latest);
  }

  drawList() {
    const wanted = this.filter.value.trim().toLowerCase();
    const all = [...state.tickets.values()].reverse().filter((t) => wanted === "" || `${t.id} ${t.title} ${t.status} ${t.from}`.toLowerCase().includes(wanted));
    this.title.textContent = this.open ? "LiveDesk" : `LiveDesk: ${state.tickets.size === 1 ? "1 ticket" : `${state.tickets.size} tickets`}`;
    if (this.open) return;
    const focused = this.list.contains(document.activeElement) ? document.activeElement.dataset.id : null;
    this.list.replaceChildren(...all.slice(0, this.count).map((t) => this.row(t)));
    if (focused) this.list.querySelector(`[data-id="${CSS.escape(focused)}"]`)?.focus();
    if (all.length > this.count) {
      this.list.append(el("li", { class: "more" }, el("button", {
        type: "button", text: `Show more (${all.length - this.count} left)`, click: () => ((this.count += shownAtOnce), this.draw()),
      })));
    }
    if (all.length === 0) {
      this.list.append(el("li", { class: "nothing" }, el("p", { text: wanted ? "No ticket fits." : "No tickets yet." }),
        wanted ? null : el("p", { class: "small", text: "Write /ticket and what is wrong in a chat, and it appears here." })));
    }
  }

  row(t) {
    return el("li", {}, el("button", { type: "button", "data-id": t.id, click: () => this.show(t.id) },
      el("span", { class: "title", dir: "auto", text: t.title }),
      el("span", { class: "facts" }, el("span", { class: `status ${t.status}`, text: t.status.replaceAll("_", " ") }),
        el("span", { class: t.priority === "high" || t.priority === "urgent" ? "high" : null, text: t.priority }),
        t.team ? el("span", { text: t.team }) : null, t.from ? el("span", {}, "from ", name(t.from)) : null,
        el("span", { text: t.id }), el("time", { datetime: t.changed, text: moment(t.changed) }))));
  }
}
