// Making elements. Text always becomes text nodes: nothing that anybody wrote is ever read as HTML.

// el makes an element. In props "class" and "text" are what they say, functions are listeners for their name, true makes an
// attribute without a value, and null or false leaves it out.
export function el(tag, props, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(props ?? {})) {
    if (value === null || value === undefined || value === false) continue;
    if (typeof value === "function") node.addEventListener(name, value);
    else if (name === "class") node.className = value;
    else if (name === "text") node.textContent = value;
    else if (name === "value") node.value = value;
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return node;
}

// name shows what somebody is called, in whatever direction it is written, without turning what stands beside it.
export function name(text, props) {
  return el("bdi", { ...props, text });
}

const shapes = {
  reply: "M10 5 4 11l6 6v-4c5 0 8 1.5 10 5 0-6-3-10-10-10z",
  more: "M5 10a2 2 0 1 0 0 4 2 2 0 0 0 0-4zm7 0a2 2 0 1 0 0 4 2 2 0 0 0 0-4zm7 0a2 2 0 1 0 0 4 2 2 0 0 0 0-4z",
  attach: "M16.5 6v11a4.5 4.5 0 0 1-9 0V5a3 3 0 0 1 6 0v10.5a1.5 1.5 0 0 1-3 0V6H9v9.5a3 3 0 0 0 6 0V5a4.5 4.5 0 0 0-9 0v12a6 6 0 0 0 12 0V6z",
  send: "M3 20.5 21.5 12 3 3.5v6.6L15 12 3 13.9z",
  pause: "M7 5h4v14H7zm6 0h4v14h-4z",
  next: "M6 5v14l8-7zm9 0h3v14h-3z",
  play: "M7 4.5v15L19 12z",
  again: "M12 5V1L6.5 6.5 12 12V8a4.5 4.5 0 1 1-4.5 4.5h-3A7.5 7.5 0 1 0 12 5z",
  close: "m6.4 5 5.6 5.6L17.6 5 19 6.4 13.4 12l5.6 5.6-1.4 1.4-5.6-5.6L6.4 19 5 17.6l5.6-5.6L5 6.4z",
};

// icon draws a sign; what it stands for is said by the label of its button.
export function icon(shape) {
  const svg = document.createElementNS("http://www.w3.org/2000/svg", "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS("http://www.w3.org/2000/svg", "path");
  path.setAttribute("d", shapes[shape]);
  path.setAttribute("fill", "currentColor");
  svg.append(path);
  return svg;
}

// soon returns a function that lets work happen once before the next picture, however often it is called until then.
export function soon(work) {
  let waiting = false;
  return () => {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      work();
    });
  };
}

// popover opens a small menu at a button; it closes with Escape, a choice or a click elsewhere, and focus goes back.
export function popover(at, label, items) {
  const box = el("div", { class: "popover", role: "group", "aria-label": label }, items);
  const close = () => {
    box.remove();
    document.removeEventListener("pointerdown", away, true);
  };
  const away = (event) => box.contains(event.target) || close();
  box.addEventListener("keydown", (event) => {
    const all = [...box.querySelectorAll("button")];
    const move = { ArrowDown: 1, ArrowRight: 1, ArrowUp: -1, ArrowLeft: -1 }[event.key];
    if (event.key === "Escape") {
      close();
      at.focus();
    } else if (move) {
      event.preventDefault();
      all[(all.indexOf(document.activeElement) + move + all.length) % all.length].focus();
    }
  });
  box.addEventListener("click", (event) => event.target.closest("button") && close());
  box.addEventListener("focusout", (event) => event.relatedTarget && !box.contains(event.relatedTarget) && close());
  document.addEventListener("pointerdown", away, true);
  document.body.append(box);
  const room = at.getBoundingClientRect();
  const left = Math.min(room.left, document.documentElement.clientWidth - box.offsetWidth - 8);
  const below = room.bottom + box.offsetHeight + 8 < window.innerHeight;
  box.style.left = `${Math.max(8, left) + window.scrollX}px`;
  box.style.top = `${(below ? room.bottom + 4 : Math.max(8, room.top - box.offsetHeight - 4)) + window.scrollY}px`;
  box.querySelector("button")?.focus();
}
