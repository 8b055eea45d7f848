// The week that is painted: mouse, finger and keys set the same cells, and the form carries them.
(() => {
  const table = document.querySelector("table.week");
  if (!table) return;
  const form = table.closest("form");
  const sent = form.elements.grid;
  const holiday = form.querySelector("[data-holiday]");
  const cells = [...table.querySelectorAll("td[role=gridcell]")];
  const at = (row, slot) => table.querySelector(`td[data-row="${row}"][data-at="${slot}"]`);
  const isOn = (cell) => cell.getAttribute("aria-selected") === "true";
  const set = (cell, on) => {
    if (cell.dataset.row === "7" && holiday.checked) {
      holiday.checked = false;
      showHoliday();
    }
    cell.setAttribute("aria-selected", String(on));
  };
  const showHoliday = () => table.classList.toggle("no-holiday", holiday.checked);
  const done = () => {
    const rows = Array.from({ length: 8 }, (_, row) =>
      row === 7 && holiday.checked
        ? ""
        : Array.from({ length: 48 }, (_, slot) => (isOn(at(row, slot)) ? "1" : "0")).join(""),
    );
    sent.value = rows.join(".");
    form.elements.text.value = "";
    sent.dispatchEvent(new Event("change", { bubbles: true }));
  };

  // a stroke paints the rectangle from where it began, with what the first cell became
  let stroke = null;
  const paintTo = (cell) => {
    for (const [one, was] of stroke.before) one.setAttribute("aria-selected", String(was));
    const [a, b] = [+stroke.from.dataset.row, +cell.dataset.row].sort((x, y) => x - y);
    const [c, d] = [+stroke.from.dataset.at, +cell.dataset.at].sort((x, y) => x - y);
    for (let row = a; row <= b; row += 1) {
      for (let slot = c; slot <= d; slot += 1) set(at(row, slot), stroke.on);
    }
  };
  const cellAt = (event) =>
    document.elementFromPoint(event.clientX, event.clientY)?.closest("td[role=gridcell]");
  table.addEventListener("pointerdown", (event) => {
    const cell = event.target.closest("td[role=gridcell]");
    if (!cell || event.button) return;
    event.preventDefault();
    focusOn(cell);
    stroke = { from: cell, on: !isOn(cell), before: cells.map((one) => [one, isOn(one)]) };
    table.setPointerCapture(event.pointerId);
    paintTo(cell);
  });
  table.addEventListener("pointermove", (event) => {
    const cell = stroke && cellAt(event);
    if (!cell || !table.contains(cell)) return;
    paintTo(cell);
    cell.scrollIntoView({ block: "nearest" }); // a stroke goes on past the edge of the frame
  });
  const end = () => {
    if (!stroke) return;
    stroke = null;
    done();
  };
  table.addEventListener("pointerup", end);
  table.addEventListener("pointercancel", end);

  const focusOn = (cell) => {
    for (const one of table.querySelectorAll('td[tabindex="0"]')) one.tabIndex = -1;
    cell.tabIndex = 0;
    cell.focus();
  };
  const steps = { ArrowUp: [0, -1], ArrowDown: [0, 1], ArrowLeft: [-1, 0], ArrowRight: [1, 0] };
  table.addEventListener("keydown", (event) => {
    const cell = event.target.closest("td[role=gridcell]");
    if (!cell) return;
    if (event.key === " " || event.key === "Enter") {
      event.preventDefault();
      set(cell, !isOn(cell));
      done();
    } else if (steps[event.key]) {
      event.preventDefault();
      const [across, down] = steps[event.key];
      const next = at(+cell.dataset.row + across, +cell.dataset.at + down);
      if (!next) return;
      if (event.shiftKey) {
        set(next, isOn(cell));
        done();
      }
      focusOn(next);
    }
  });

  // a whole day, a whole half hour, and the buttons above
  const toggle = (some) => {
    const on = !some.every(isOn);
    for (const cell of some) set(cell, on);
    done();
  };
  form.addEventListener("click", (event) => {
    const { day, slot, paint } = event.target.closest("button")?.dataset ?? {};
    if (day !== undefined) toggle(cells.filter((cell) => cell.dataset.row === day));
    // the holiday is apart: an hour of the week does not touch it
    if (slot !== undefined) {
      toggle(cells.filter((cell) => cell.dataset.at === slot && cell.dataset.row !== "7"));
    }
    if (paint === "always" || paint === "never") {
      for (const cell of cells) if (cell.dataset.row !== "7") set(cell, paint === "always");
      done();
    }
    if (paint === "weekdays") {
      for (const cell of cells) {
        if (cell.dataset.row > "0" && cell.dataset.row < "5") set(cell, isOn(at(0, cell.dataset.at)));
      }
      done();
    }
  });
  holiday.addEventListener("change", (event) => {
    event.stopPropagation();
    showHoliday();
    done();
  });
  form.elements.text.addEventListener("input", () => (sent.value = ""));
  showHoliday();
  const frame = table.parentElement;
  frame.scrollTop = at(0, 12).offsetTop - table.tHead.offsetHeight;
})();
