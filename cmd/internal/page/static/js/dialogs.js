// Questions in a window of their own: somebody new, a new chat; and what can be done with the bot in a chat.
import { el, popover } from "./dom.js";
import { call, quietly } from "./api.js";
import { state } from "./store.js";

const languages = [["", "as the bot's default"], ["en", "English"], ["ja", "日本語"], ["de", "Deutsch"], ["zh-hans", "简体中文"], ["zh-hant", "繁體中文"],
  ["fr", "Français"], ["es", "Español"], ["id", "Bahasa Indonesia"], ["th", "ไทย"]];

// ask shows a form and returns its values, null if it was cancelled.
function ask(title, ok, fields) {
  const form = el("form", { method: "dialog" }, el("h2", { text: title }), fields,
    el("menu", {}, el("button", { type: "button", text: "Cancel", click: () => dialog.close("") }), el("button", { class: "primary", value: "ok", text: ok })));
  const dialog = el("dialog", { "aria-label": title }, form);
  document.body.append(dialog);
  dialog.showModal();
  return new Promise((resolve) => dialog.addEventListener("close", () => {
    dialog.remove();
    resolve(dialog.returnValue === "ok" ? Object.fromEntries(new FormData(form)) : null);
  }));
}

const field = (label, input) => el("label", {}, label, input);
const options = (pairs) => pairs.map(([value, text]) => el("option", { value, text }));

// askForPerson asks who else shall be in a chat, lets them join and returns their id.
export async function askForPerson(chat) {
  const others = [...state.people.values()].filter((p) => !chat.members.some((m) => m.id === p.id));
  const values = await ask("Who else writes here?", "Join", [
    field("Somebody there is already", el("select", { name: "person" }, options([["", "no, somebody new:"], ...others.map((p) => [p.id, p.name])]))),
    field("Name of somebody new", el("input", { name: "name", maxlength: "64", placeholder: "Yuki" })),
    field("Language of their Telegram", el("select", { name: "language" }, options(languages))),
  ]);
  if (!values || (!values.person && !values.name.trim())) return null;
  const id = values.person ? Number(values.person) : (await call("POST", "/api/people", { name: values.name, language: values.language })).id;
  await call("POST", `/api/chats/${chat.id}/members`, { person: id });
  return id;
}

// askForChat asks for a new chat and makes it.
export async function askForChat() {
  const values = await ask("A new chat with the bot", "Make it", [
    field("Kind", el("select", { name: "kind" }, options([["supergroup", "Group"], ["forum", "Group with topics"], ["group", "Small (basic) group"],
      ["private", "Private chat of that person"]]))),
    field("Title (not for a private chat)", el("input", { name: "title", maxlength: "64", placeholder: "Initech" })),
    field("Who makes it and adds the bot", el("select", { name: "person" }, options([...state.people.values()].map((p) => [p.id, p.name])))),
  ]);
  if (!values) return null;
  return call("POST", "/api/chats", { kind: values.kind, title: values.title || "New group", person: Number(values.person) });
}

// botMenu offers what an administrator can do in the open chat.
export function botMenu(pane) {
  const { chat, person, topic, menu } = pane;
  const at = `/api/chats/${chat.id}`;
  const bot = (text, status) => el("button", { type: "button", text, click: quietly(() => call("PUT", `${at}/bot`, { status, person })) });
  const group = chat.kind !== "private";
  const open = chat.topics?.find((t) => t.id === topic);
  popover(menu, "This chat", [
    group && el("button", { type: "button", text: "Somebody else joins …", click: quietly(() => pane.invite()) }),
    chat.topics && el("button", { type: "button", text: "New topic …", click: quietly(() => newTopic(at)) }),
    open && el("button", {
      type: "button", text: open.closed ? "Reopen this topic" : "Close this topic",
      click: quietly(() => call("PATCH", `${at}/topics/${topic}`, { closed: !open.closed })),
    }),
    chat.kind === "group" && el("button", { type: "button", text: "Make it a supergroup", click: quietly(() => call("POST", `${at}/upgrade`, { person })) }),
    group && chat.bot !== "administrator" && bot("Make the bot an administrator", "administrator"),
    group && chat.bot !== "member" && bot(chat.bot === "left" ? "Add the bot" : "Make the bot an ordinary member", "member"),
    group && chat.bot !== "restricted" && bot("Forbid the bot to write", "restricted"),
    group && chat.bot !== "left" && bot("Remove the bot", "left"),
    !group && bot("Block the bot", "left"),
    !group && bot("Unblock the bot", "member"),
  ].filter(Boolean));
}

async function newTopic(at) {
  const values = await ask("A new topic", "Make it", [field("Name", el("input", { name: "name", maxlength: "64", placeholder: "Phones" }))]);
  if (values?.name.trim()) await call("POST", `${at}/topics`, { name: values.name });
}
