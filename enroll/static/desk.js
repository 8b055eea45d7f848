// The token against forged requests goes with every htmx request; forms carry it themselves.
document.addEventListener("htmx:configRequest", (event) => {
  const token = document.body.dataset.csrf;
  if (token) event.detail.headers["X-CSRF-Token"] = token;
});

// A session that ended answers 401: the whole page goes to the sign-in, and from there back.
const signIn = () =>
  location.assign(`/login?back=${encodeURIComponent(location.pathname + location.search)}`);
document.addEventListener("htmx:responseError", (event) => {
  if (event.detail.xhr.status === 401) signIn();
});

// Buttons that cannot be undone ask first.
document.addEventListener("submit", (event) => {
  const question = event.submitter?.dataset.ask ?? event.target.dataset.ask;
  if (question && !confirm(question)) event.preventDefault();
});

// Without a network a form would be lost with its page: the desk is asked first whether it is
// there, which it is where it runs on a machine without any network. If not, what was typed stays.
const away = document.getElementById("away").content.firstElementChild;
let reached = null;
document.addEventListener("submit", (event) => {
  const { target: form, submitter: button } = event;
  const sure = navigator.onLine || form.method !== "post" || form === reached;
  if (event.defaultPrevented || sure) return;
  event.preventDefault();
  const send = () => {
    away.remove();
    reached = form;
    form.requestSubmit(button);
    reached = null;
  };
  const stay = () => (button ?? form.lastElementChild).before(away);
  fetch("/static/desk.css", { cache: "no-store" }).then(send, stay);
});

// A form is sent once, however often its button is pressed: until the answer is there, or for ten
// seconds, after which somebody may want to try again.
const sent = new WeakSet();
document.addEventListener("submit", (event) => {
  const form = event.target;
  if (event.defaultPrevented || form.method !== "post") return;
  if (sent.has(form)) {
    event.preventDefault();
    return;
  }
  sent.add(form);
  const target = event.submitter?.formTarget || form.target;
  setTimeout(() => sent.delete(form), target === "_blank" ? 1000 : 10_000);
});

// "/" goes to the search field, as on many sites.
document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement?.tagName ?? "");
  const search = document.querySelector("input[type=search]");
  if (event.key === "/" && !typing && search) {
    event.preventDefault();
    search.focus();
  }
});

// From a page that says what was wrong, back to the form with what was typed.
document.querySelector("[data-back]")?.addEventListener("click", (event) => {
  if (history.length < 2) return;
  event.preventDefault();
  history.back();
});

// The name of a chosen file: the browser's own is in the browser's language, not the page's.
document.addEventListener("change", (event) => {
  const said = event.target.closest?.(".file")?.querySelector("[data-none]");
  if (!said) return;
  const names = [...event.target.files].map((file) => file.name);
  said.textContent = names.join(said.dataset.comma) || said.dataset.none;
});

// On a narrow screen the menu opens and closes.
document.querySelector(".burger")?.addEventListener("click", (event) => {
  const open = document.getElementById("rail").classList.toggle("open");
  event.currentTarget.setAttribute("aria-expanded", String(open));
});

document.addEventListener("click", (event) => {
  if (event.target.closest("[data-print]")) print();
});

// On a telephone each row of a table is a card: every cell carries the heading of its column, and
// the roles that a layout of blocks would take away.
function nameCells(root) {
  for (const table of root.querySelectorAll("table:not(.grid)")) {
    const headings = [...table.querySelectorAll("thead th")].map((cell) => cell.textContent.trim());
    if (!headings.length) continue;
    table.setAttribute("role", "table");
    for (const group of table.querySelectorAll("thead, tbody")) group.setAttribute("role", "rowgroup");
    for (const row of table.rows) {
      row.setAttribute("role", "row");
      let column = 0;
      for (const cell of row.cells) {
        cell.setAttribute("role", cell.tagName === "TH" ? "columnheader" : "cell");
        if (cell.tagName === "TD" && cell.colSpan === 1) {
          cell.dataset.label = headings[column] ?? "";
          cell.classList.toggle("blank", !cell.textContent.trim() && !cell.children.length);
        }
        column += cell.colSpan;
      }
    }
  }
}
nameCells(document);
document.addEventListener("htmx:afterSwap", (event) => nameCells(event.detail.target));

// Several people at once: choose all, how many are chosen, only the field that the action needs.
function showBatch() {
  const form = document.getElementById("batch");
  if (!form) return;
  const boxes = [...form.querySelectorAll("input[name=person]")];
  const chosen = boxes.filter((box) => box.checked).length;
  form.querySelector("[data-chosen]").textContent = chosen ? `(${chosen})` : "";
  const all = form.querySelector("[data-all]");
  all.checked = chosen === boxes.length;
  all.indeterminate = chosen > 0 && chosen < boxes.length;
  for (const field of form.querySelectorAll("[data-for]")) {
    field.hidden = field.dataset.for !== form.elements.action.value;
  }
}
document.addEventListener("change", (event) => {
  const form = event.target.closest("#batch");
  if (!form) return;
  if (event.target.matches("[data-all]")) {
    for (const box of form.querySelectorAll("input[name=person]")) box.checked = event.target.checked;
  } else if (event.target.name === "person" && event.target.checked) {
    form.querySelector("details").open = true;
  }
  showBatch();
});
document.addEventListener("htmx:afterSwap", showBatch);
addEventListener("pageshow", showBatch);

// What is folded on a telephone only begins closed there.
if (matchMedia("(max-width: 640px)").matches) {
  for (const fold of document.querySelectorAll("details.fold")) fold.open = false;
}

// Today: new lines come as they are written. A page that is out of sight closes its stream, and
// goes on behind the last line it has; so does one whose desk was restarted.
const lines = document.getElementById("stream");
if (lines) {
  const state = document.getElementById("stream-state");
  const most = 200;
  let since = lines.dataset.since;
  let source = null;
  let timer = 0;

  const says = (live) => {
    state.textContent = live ? state.dataset.live : state.dataset.lost;
    state.classList.toggle("good", live);
  };
  const fragment = (html) => {
    const template = document.createElement("template");
    template.innerHTML = html;
    return template.content;
  };
  const close = () => {
    clearTimeout(timer);
    source?.close();
    source = null;
    says(false);
  };
  const open = () => {
    close();
    source = new EventSource(`/stream?since=${encodeURIComponent(since)}`);
    source.onopen = () => says(true);
    source.onerror = () => {
      says(false);
      // the browser tries again by itself unless the answer was no stream at all
      if (source.readyState === EventSource.CLOSED) timer = setTimeout(open, 3000);
    };
    source.addEventListener("line", (event) => {
      since = event.lastEventId;
      const line = fragment(JSON.parse(event.data).html).firstElementChild;
      if (document.getElementById(line.id)) return;
      lines.querySelector(".nothing")?.remove();
      lines.prepend(line);
      while (lines.children.length > most) lines.lastElementChild.remove();
    });
    source.addEventListener("part", (event) => {
      const { name, html } = JSON.parse(event.data);
      const place = document.querySelector(`[data-part="${name}"]`);
      if (!place || place.contains(document.activeElement)) return;
      place.replaceChildren(fragment(html));
    });
    source.addEventListener("end", signIn);
  };
  document.addEventListener("visibilitychange", () => (document.hidden ? close() : open()));
  addEventListener("pagehide", close);
  if (!document.hidden) open();
}

// A file that is chosen is read into the text field beside it; nothing is uploaded as a file.
document.addEventListener("change", async (event) => {
  const into = document.getElementById(event.target.dataset?.into ?? "");
  const file = into && event.target.files?.[0];
  if (!file) return;
  into.value = await file.text();
  into.dispatchEvent(new Event("change", { bubbles: true }));
});

// A link to be passed on is chosen whole when its field is entered.
document.addEventListener("focusin", (event) => {
  if (event.target.matches("[data-select]")) event.target.select();
});

// A look through a camera: a new picture each second until the minute is over.
const live = document.getElementById("live-picture");
if (live) {
  const end = Date.now() + 1000 * Number(live.dataset.seconds);
  const address = live.getAttribute("src");
  const again = () => {
    if (Date.now() >= end) {
      live.remove();
      document.getElementById("live-over").hidden = false;
    } else if (document.hidden) {
      setTimeout(again, 1000);
    } else {
      live.src = `${address}?${Date.now()}`;
    }
  };
  const answered = (lost) => {
    document.getElementById("live-lost").hidden = !lost;
    live.hidden = lost;
    setTimeout(again, 1000);
  };
  live.addEventListener("load", () => answered(false));
  live.addEventListener("error", () => answered(true));
  if (live.complete) answered(!live.naturalWidth);
}

// Rows of a family: when the last one is typed into, an empty one follows.
for (const rows of document.querySelectorAll("[data-rows]")) {
  rows.addEventListener("input", () => {
    const last = rows.lastElementChild;
    if (rows.children.length >= 20 || ![...last.querySelectorAll("input")].some((field) => field.value)) return;
    const next = last.cloneNode(true);
    for (const field of next.querySelectorAll("input")) field.value = "";
    rows.append(next);
  });
}
