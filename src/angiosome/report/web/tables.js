// Tables sort by a click on a column's head: numbers as numbers, words as words.
const key = (cell) => cell.dataset.value ?? cell.textContent.trim();
const number = (text) => {
  const match = text.replaceAll("−", "-").replaceAll(",", "").match(/^[-+]?\d+(\.\d+)?(e[-+]?\d+)?/i);
  return match ? Number(match[0]) : NaN;
};

function compare(a, b) {
  const [x, y] = [number(a), number(b)];
  if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y) || a.localeCompare(b);
  return x - y;
}

function sort(table, column, head) {
  const down = head.getAttribute("aria-sort") === "ascending";
  for (const other of table.tHead.rows[0].cells) other.removeAttribute("aria-sort");
  head.setAttribute("aria-sort", down ? "descending" : "ascending");
  const rows = [...table.tBodies[0].rows];
  rows.sort((a, b) => compare(key(a.cells[column]), key(b.cells[column])) * (down ? -1 : 1));
  table.tBodies[0].append(...rows);
}

export function wakeTables() {
  for (const table of document.querySelectorAll("table[data-table]:not([data-order=fixed])")) {
    [...table.tHead.rows[0].cells].forEach((head, column) => {
      const button = document.createElement("button");
      button.type = "button";
      button.append(...head.childNodes);
      button.addEventListener("click", () => sort(table, column, head));
      head.append(button);
    });
  }
}
