// Bundle the page's script, with the licences of what it carries at its head.
import { build } from "esbuild";
import { copyFileSync, readFileSync } from "node:fs";

const carried = ["three", "uplot"];
const licences = carried.map((name) => {
  const { version } = JSON.parse(readFileSync(`node_modules/${name}/package.json`, "utf8"));
  return `${name} ${version}\n${readFileSync(`node_modules/${name}/LICENSE`, "utf8").trim()}`;
});

await build({
  entryPoints: ["main.js"],
  outfile: "bundle.js",
  bundle: true,
  minify: true,
  format: "iife",
  target: "es2022",
  charset: "utf8",
  loader: { ".css": "text" },
  legalComments: "none",
  banner: { js: `/*!\nThis script carries:\n\n${licences.join("\n\n").replaceAll("*/", "* /")}\n*/` },
});
copyFileSync("node_modules/uplot/dist/uPlot.min.css", "uplot.css");
