// The try-out's page. Each part has its own file; the state they show is in store.js, calls are in api.js.
import { el } from "./dom.js";
import { follow, on, state } from "./store.js";
import { theme } from "./theme.js";
import { Pane } from "./pane.js";
import { Desk } from "./desk.js";
import { trouble } from "./trouble.js";
import { log } from "./log.js";
import { story } from "./story.js";

const byId = (id) => document.getElementById(id);
const parts = [["customers", "Customers"], ["staff", "Team"], ["desk", "LiveDesk"], ["below", "Trouble"]];

// On a phone one part is seen at a time, chosen by tabs; the others mark that they have something new.
const tabs = new Map(parts.map(([id, label]) => [id, el("button", { type: "button", text: label, click: () => reveal(id) })]));
byId("tabs").append(...tabs.values());

function reveal(id) {
  for (const [other, tab] of tabs) {
    byId(other).classList.toggle("shown", other === id);
    if (other === id) tab.setAttribute("aria-current", "true");
    else tab.removeAttribute("aria-current");
  }
  tabs.get(id).classList.remove("news");
}

const attention = (id) => () => byId(id).classList.contains("shown") || tabs.get(id).classList.add("news");

theme();
reveal("customers");
const customers = new Pane(byId("customers"), "customers'", (chat) => chat.id && !chat.staff, attention("customers"));
const team = new Pane(byId("staff"), "your team's", (chat) => chat.staff, attention("staff"));
const desk = new Desk(byId("desk"), attention("desk"));
trouble(byId("trouble"));
log(byId("log"));
story(byId("story"), (step) => {
  if (step.desk) {
    desk.showLatest();
    reveal("desk");
    return;
  }
  const staff = state.chats.get(step.chat)?.staff;
  (staff ? team : customers).open(step.chat, step.topic ?? 0, step.person);
  reveal(staff ? "staff" : "customers");
  if (state.tickets.size > 0) desk.showLatest();
});

on("chats", () => {
  if (!customers.topic && customers.chat?.topics) customers.open(customers.chat.id);
});

const showService = () => {
  const { running, process, starts } = state.service ?? {};
  const chip = byId("service");
  chip.classList.toggle("down", !running || !state.live);
  chip.textContent = !state.live ? "Try-out stopped" : running ? "Bot running" : "Bot killed, starts again";
  chip.title = running ? `Process ${process}, start number ${starts}` : "";
};
on("service", showService);
on("live", showService);
follow();
