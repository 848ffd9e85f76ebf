// What the page knows of the emulators, brought up to date by server-sent events.
import { toast } from "./toast.js";

// keep is how many messages of a topic, lines and calls are remembered; older messages can be asked for.
const keep = 200;

export const state = {
  bot: null, agent: "", teams: [], emoji: [], people: new Map(), chats: new Map(), threads: new Map(), tickets: new Map(),
  log: [], calls: [], troubles: [], service: null, story: null, live: false,
};

const listeners = new Map();

// on lets a function know whenever a part of the state has changed: "chats", "messages", "tickets", "answers", ...
export function on(part, listener) {
  if (!listeners.has(part)) listeners.set(part, []);
  listeners.get(part).push(listener);
}

function tell(part, news) {
  for (const listener of listeners.get(part) ?? []) listener(news);
}

// thread is what is known of a topic: messages by id, the oldest first, and whether there may be earlier ones.
export function thread(chat, topic) {
  const key = `${chat}/${topic}`;
  if (!state.threads.has(key)) state.threads.set(key, { messages: new Map(), earlier: true, wanted: keep });
  return state.threads.get(key);
}

// remember adds messages that were asked for, which are older than those that are known.
export function remember(chat, topic, older) {
  const t = thread(chat, topic);
  t.earlier = older.length > 0;
  t.wanted += older.length;
  t.messages = new Map([...older.map((m) => [m.id, m]), ...t.messages]);
}

function takeMessage(m) {
  const t = thread(m.chat, m.topic);
  if (m.deleted) {
    t.messages.delete(m.id);
    return;
  }
  const oldest = t.messages.keys().next().value;
  if (!t.messages.has(m.id) && m.id < oldest) return; // edited out of sight
  t.messages.set(m.id, m);
  while (t.messages.size > t.wanted) {
    t.messages.delete(t.messages.keys().next().value);
    t.earlier = true;
  }
}

function take(news, first) {
  for (const part of ["bot", "agent", "teams", "emoji", "troubles", "service", "story"]) {
    if (news[part]) state[part] = news[part];
  }
  if (news.people) state.people = new Map(news.people.map((p) => [p.id, p]));
  if (news.chats) state.chats = new Map(news.chats.map((c) => [c.id, c]));
  for (const m of news.messages ?? []) takeMessage(m);
  for (const id of news.deleted ?? []) state.tickets.delete(id);
  for (const t of news.tickets ?? []) state.tickets.set(t.id, t);
  state.log = [...state.log, ...(news.log ?? [])].slice(-keep);
  state.calls = [...state.calls, ...(news.calls ?? [])].slice(-keep);
  if (first) {
    for (const part of ["people", "chats", "tickets", "messages", "log", "calls", "troubles", "service", "story"]) tell(part, null);
    return;
  }
  for (const part of ["people", "chats", "messages", "answers", "log", "calls", "troubles", "service", "story"]) {
    if (news[part]) tell(part, news[part]);
  }
  if (news.tickets || news.deleted) tell("tickets", news.tickets ?? []);
}

// follow opens the stream, and opens it again when it ends.
export function follow() {
  const events = new EventSource("/api/events");
  events.addEventListener("state", (event) => {
    state.threads = new Map();
    state.tickets = new Map();
    state.log = [];
    state.calls = [];
    state.live = true;
    take(JSON.parse(event.data), true);
    tell("live");
  });
  events.addEventListener("change", (event) => take(JSON.parse(event.data), false));
  events.addEventListener("error", () => {
    if (state.live) toast("The try-out is gone. Start it again to go on.", true);
    state.live = false;
    tell("live");
  });
}
