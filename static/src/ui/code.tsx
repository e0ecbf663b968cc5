/** A code to be scanned off this screen: drawn as QR, and written out for who must type it. */
import { useEffect, useState } from "preact/hooks";

export function Code({ text }: { text: string }) {
  const [rows, setRows] = useState<boolean[][]>([]);
  useEffect(() => {
    void import("qr").then(({ default: encode }) => setRows(encode(text, "raw", { border: 4 })));
  }, [text]);
  return (
    <figure class="code" data-testid="code">
      <svg viewBox={`0 0 ${rows.length || 1} ${rows.length || 1}`} role="img" aria-label={text}>
        <path d={rows.map(pathOf).join("")} />
      </svg>
      <figcaption>{text}</figcaption>
    </figure>
  );
}

function pathOf(row: boolean[], y: number): string {
  return row.map((isDark, x) => (isDark ? `M${x} ${y}h1v1h-1z` : "")).join("");
}
