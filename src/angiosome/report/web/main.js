// The page stands without this script. Each part wakes on its own; if one cannot, the rest still do.
import { wakeCourses } from "./courses.js";
import { wakeSaving } from "./save.js";
import { wakeTables } from "./tables.js";
import { wakeVessels } from "./vessels.js";

const read = (name) => {
  const island = document.getElementById(`island-${name}`);
  return island && JSON.parse(island.textContent);
};

for (const [wake, data] of [
  [wakeTables, null],
  [wakeSaving, read("tables")],
  [wakeCourses, read("courses")],
  [wakeVessels, read("tissue")],
]) {
  try {
    wake(data);
  } catch (error) {
    console.warn(`angiosome: ${wake.name} is asleep:`, error);
  }
}

// An anchor inside a closed part opens it.
const open = () => {
  const target = location.hash.length > 1 && document.getElementById(decodeURIComponent(location.hash.slice(1)));
  for (let part = target?.parentElement; part; part = part.parentElement) {
    if (part.tagName === "DETAILS") part.open = true;
  }
  for (let part = target?.dataset.record === "" && target.nextElementSibling; part && part.tagName !== "H3"; part = part.nextElementSibling) {
    if (part.tagName === "DETAILS") part.open = true; // a heading opens what it heads
  }
  target?.scrollIntoView();
};
addEventListener("hashchange", open);
if (location.hash) open();
for (const part of document.querySelectorAll(".scroll")) part.tabIndex = 0;
document.documentElement.dataset.awake = "yes";
