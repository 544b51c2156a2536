import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { defineConfig, type Plugin } from "vite";

const root = fileURLToPath(new URL(".", import.meta.url));

/** Licences of what Vite's own list lacks: the packages of the worker, and the fonts. */
const MORE_LICENSES = [
  "highlight.js",
  "lowlight",
  "devlop",
  "@fontsource-variable/inter",
  "@fontsource-variable/jetbrains-mono",
];

function moreLicenses(): Plugin {
  return {
    name: "more-licenses",
    generateBundle() {
      const texts = MORE_LICENSES.map((name) => {
        const folder = `${root}node_modules/${name}`;
        const file = readdirSync(folder).find((one) => /^license/i.test(one));
        if (!file) throw new Error(`${name} has no license file`);
        return `## ${name}\n\n${readFileSync(`${folder}/${file}`, "utf8")}`;
      });
      this.emitFile({ type: "asset", fileName: "licenses-of-fonts-and-colours.md", source: texts.join("\n\n") });
    },
  };
}

// The page must work under `default-src 'none'; script-src 'self'; style-src 'self'`: nothing is inlined.
export default defineConfig({
  base: "/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  plugins: [moreLicenses()],
  build: {
    outDir: `${root}../../server/semlens/http/page`,
    emptyOutDir: true,
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
    license: { fileName: "licenses.md" },
    target: "es2022",
    reportCompressedSize: false,
    rolldownOptions: { checks: { pluginTimings: false } },
  },
  worker: { format: "es" },
});
