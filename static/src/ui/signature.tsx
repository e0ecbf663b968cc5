/** A signature by finger. A name can be typed instead, for who cannot draw. */
import { useEffect, useRef } from "preact/hooks";
import SignaturePad from "signature_pad";
import { t } from "../i18n";
import { type Captured, capture } from "../store/photo";

export function Signature({ onSigned }: { onSigned: (signature: Captured | null) => void }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const pad = useRef<SignaturePad | null>(null);
  useEffect(() => {
    const drawn = canvas.current;
    if (!drawn) return;
    const scale = Math.min(2, window.devicePixelRatio || 1);
    drawn.width = drawn.clientWidth * scale;
    drawn.height = drawn.clientHeight * scale;
    drawn.getContext("2d")?.scale(scale, scale);
    const made = new SignaturePad(drawn, { backgroundColor: "#ffffff", penColor: "#14201f" });
    made.addEventListener("endStroke", () => {
      drawn.toBlob((blob) => {
        if (blob) void capture(blob).then(onSigned);
      }, "image/png");
    });
    pad.current = made;
    return () => made.off();
  }, []);
  return (
    <div>
      <canvas ref={canvas} class="sign" aria-label={t("report.sign")} role="img" data-testid="signature" />
      <button
        type="button"
        class="plain"
        onClick={() => {
          pad.current?.clear();
          onSigned(null);
        }}
      >
        {t("report.clear")}
      </button>
    </div>
  );
}
