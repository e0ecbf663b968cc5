import { createHash } from "node:crypto";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { build, defineConfig, type Plugin } from "vite";

const PACKED = /\.(js|css|html|json|svg|webmanifest|wasm)$/;

function filesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => relative(folder, join(entry.parentPath, entry.name)))
    .sort();
}

/** Builds the service worker with the list of everything it must keep, and packs every file. */
function offline(): Plugin {
  let out = "";
  return {
    name: "offline",
    apply: "build",
    configResolved(config) {
      out = config.build.outDir;
    },
    async closeBundle() {
      const kept = filesBelow(out).filter((name) => name !== "sw.js" && !/\.(br|gz)$/.test(name));
      const list = kept.map((name) => [
        name === "index.html" ? "./" : name,
        createHash("sha256")
          .update(readFileSync(join(out, name)))
          .digest("hex")
          .slice(0, 16),
      ]);
      await build({
        configFile: false,
        logLevel: "warn",
        define: { __PRECACHE__: JSON.stringify(list) },
        build: {
          outDir: out,
          emptyOutDir: false,
          copyPublicDir: false,
          rolldownOptions: {
            input: "src/sw.ts",
            output: { format: "iife", codeSplitting: false, entryFileNames: "sw.js" },
          },
        },
      });
      for (const name of filesBelow(out).filter((name) => PACKED.test(name))) {
        const bytes = readFileSync(join(out, name));
        writeFileSync(join(out, `${name}.gz`), gzipSync(bytes, { level: 9 }));
        writeFileSync(join(out, `${name}.br`), brotliCompressSync(bytes));
      }
    },
  };
}

export default defineConfig({
  base: "/app/",
  oxc: { jsx: { runtime: "automatic", importSource: "preact" } },
  build: { outDir: "dist", target: ["es2022", "safari16.4", "chrome107"], assetsInlineLimit: 0 },
  plugins: [offline()],
});
