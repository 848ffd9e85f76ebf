// Choosing files: a button, dropping, pasting; and the list of what is chosen.
import { el, icon } from "./dom.js";
import { upload } from "./api.js";

const most = 10;

// chooser belongs to a form. Its button and list are to be placed there.
export class Chooser {
  constructor(form, label) {
    this.files = [];
    this.input = el("input", { type: "file", multiple: true, hidden: true, change: () => this.add(this.input.files) });
    this.button = el("button", {
      type: "button", class: "plain icon", "aria-label": label, title: label, click: () => this.input.click(),
    }, icon("attach"));
    this.list = el("ul", { class: "chosen", "aria-label": "Chosen files", hidden: true });
    form.append(this.input);
    form.addEventListener("dragover", (event) => event.preventDefault());
    form.addEventListener("drop", (event) => {
      event.preventDefault();
      this.add(event.dataTransfer.files);
    });
    form.addEventListener("paste", (event) => event.clipboardData.files.length > 0 && this.add(event.clipboardData.files));
  }

  add(files) {
    this.files = [...this.files, ...files].slice(0, most);
    this.input.value = "";
    this.show();
  }

  show() {
    this.list.hidden = this.files.length === 0;
    this.list.replaceChildren(...this.files.map((file) => el("li", {}, el("bdi", { text: file.name }),
      el("button", {
        type: "button", "aria-label": `Leave out ${file.name}`, text: "×",
        click: () => {
          this.files = this.files.filter((other) => other !== file);
          this.show();
        },
      }))));
  }

  // ids hands the files over and returns their ids.
  async ids() {
    return Promise.all(this.files.map(upload));
  }

  clear() {
    this.files = [];
    this.show();
  }
}

// size writes how large something is, for people.
export function size(bytes) {
  if (bytes < 1000) return `${bytes} bytes`;
  if (bytes < 1e6) return `${Math.round(bytes / 1000)} kB`;
  return `${(bytes / 1e6).toFixed(1)} MB`;
}

// fileCard shows a file by its name, to be saved where its content can be had.
export function fileCard(file, address) {
  const ending = (file.name?.match(/\.([a-z0-9]{1,4})$/i)?.[1] ?? file.kind ?? "file").toUpperCase().slice(0, 5);
  const inner = [el("span", { class: "sign", "aria-hidden": "true", text: ending }),
    el("span", {}, el("bdi", { text: file.name || file.kind }), el("span", { class: "quiet small", text: ` ${file.size ? size(file.size) : ""}` }))];
  return address ? el("a", { class: "file", href: address, download: file.name || "file" }, inner) : el("div", { class: "file" }, inner);
}

const pictures = ["image/png", "image/jpeg", "image/gif", "image/webp"];

// picture shows a picture that browsers know, null for everything else.
export function picture(file, address) {
  if (!address || !pictures.includes(file.type)) return null;
  return el("img", { class: "photo", src: address, alt: file.name || "Photo", loading: "lazy" });
}
