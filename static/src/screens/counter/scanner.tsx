/** One way in for every code: a scanner that types, the camera, or fingers. */
import { signal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef, useState } from "preact/hooks";
import { codeIn } from "../../rules/tools";
import { Wedge } from "../../rules/wedge";
import type { Camera, CameraProblem } from "./camera";
import { w } from "./texts";

/** The camera stays open from one screen to the next, so that tool after tool can be held before it. */
export const isCameraOpen = signal(false);

interface Props {
  label: string;
  onCode: (text: string) => void;
  /** Called with every letter, for a list that narrows while one types. */
  onText?: (text: string) => void;
}

export function Scanner({ label, onCode, onText }: Props) {
  const [text, setText] = useState("");
  const isOpen = isCameraOpen.value;
  const setOpen = (next: boolean) => {
    isCameraOpen.value = next;
  };
  const input = useRef<HTMLInputElement>(null);
  const change = (next: string) => {
    setText(next);
    onText?.(next);
  };
  const take = (code: string) => {
    change("");
    if (code.trim()) onCode(code.trim());
  };
  useWedge(input, take);
  // A phone would open its keyboard over the list; a counter with real keys is ready at once.
  useEffect(() => {
    if (matchMedia("(pointer: fine)").matches) input.current?.focus();
  }, []);
  return (
    <div class="card scan">
      <label htmlFor="scan">{label}</label>
      <input
        id="scan"
        ref={input}
        value={text}
        autocomplete="off"
        autocapitalize="characters"
        spellcheck={false}
        enterkeyhint="search"
        data-testid="scan"
        onInput={(event) => change(event.currentTarget.value)}
        onKeyDown={(event) => {
          if (event.key !== "Enter" || event.isComposing) return;
          event.preventDefault();
          take(event.currentTarget.value);
        }}
      />
      <div class="row">
        <button type="button" class="grow" data-testid="scan-find" onClick={() => take(text)}>
          {w("scan.find")}
        </button>
        <button
          type="button"
          class="grow"
          aria-expanded={isOpen}
          data-testid="scan-camera"
          onClick={() => {
            readySound(localStorage.getItem(SOUND) === "on");
            setOpen(!isOpen);
          }}
        >
          {w(isOpen ? "scan.camera_close" : "scan.camera")}
        </button>
      </div>
      {isOpen && <View onCode={take} onClose={() => setOpen(false)} />}
    </div>
  );
}

/**
 * A scanner's keys count wherever the focus is. In another field they are what is typed into it (a shelf's tag),
 * except a label of ours: that is a tool, and is taken out of the field again.
 */
function useWedge(input: { current: HTMLInputElement | null }, take: (code: string) => void): void {
  const latest = useRef(take);
  latest.current = take;
  useLayoutEffect(() => {
    const wedge = new Wedge();
    const onKey = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const isHidden = event.key === "Process"; // an input method is at work: the field would get Chinese
      if (target === input.current && !isHidden) return; // the field's own Enter takes it
      const code = wedge.press(event, event.timeStamp);
      const isForField = target !== input.current && target.matches("input, textarea, select");
      if (code === null || (isForField && !codeIn(code))) return;
      event.preventDefault(); // else Enter would press the button that has the focus
      if (isForField) takeOut(target, code);
      latest.current(code);
    };
    document.addEventListener("keydown", onKey, true);
    return () => document.removeEventListener("keydown", onKey, true);
  }, [input]);
}

function takeOut(field: HTMLElement, code: string): void {
  if (!(field instanceof HTMLInputElement) || !field.value.endsWith(code)) return;
  field.value = field.value.slice(0, -code.length);
  field.dispatchEvent(new Event("input", { bubbles: true }));
}

/** The camera's picture. It is closed when the app goes out of sight. */
function View({ onCode, onClose }: { onCode: (text: string) => void; onClose: () => void }) {
  const video = useRef<HTMLVideoElement>(null);
  const [camera, setCamera] = useState<Camera | null>(null);
  const [problem, setProblem] = useState<CameraProblem | null>(null);
  const [read, setRead] = useState("");
  const [isLit, setLit] = useState(false);
  const [hasSound, setSound] = useState(localStorage.getItem(SOUND) === "on");
  const latest = useRef({ onCode, hasSound });
  latest.current = { onCode, hasSound };
  useEffect(() => {
    let opened: Camera | null = null;
    let isHere = true;
    const take = (text: string) => {
      answer(latest.current.hasSound);
      setRead(text);
      latest.current.onCode(text);
    };
    const open = async () => {
      const { openCamera } = await import("./camera");
      if (!video.current) return;
      opened = await openCamera(video.current, take);
      if (isHere) setCamera(opened);
      else opened.stop();
    };
    open().catch((found) => setProblem(typeof found === "string" ? (found as CameraProblem) : "failed"));
    const onHide = () => document.visibilityState === "hidden" && onClose();
    document.addEventListener("visibilitychange", onHide);
    return () => {
      isHere = false;
      opened?.stop();
      document.removeEventListener("visibilitychange", onHide);
    };
  }, []);
  if (problem) {
    return (
      <p class="hint" role="alert" data-testid={`camera-${problem}`}>
        {w(`scan.camera_${problem}`)}
      </p>
    );
  }
  return (
    <div data-testid="camera">
      <video ref={video} muted playsInline aria-label={w("scan.picture")} />
      <p role="status" class="soft" data-testid="camera-status">
        {read ? w("scan.read", { code: read }) : camera && w(camera.readsBars ? "scan.aim" : "scan.aim_qr")}
      </p>
      <div class="row">
        {camera?.setTorch && (
          <button
            type="button"
            aria-pressed={isLit}
            onClick={() => {
              void camera.setTorch?.(!isLit);
              setLit(!isLit);
            }}
          >
            {w("scan.torch")}
          </button>
        )}
        <label class="check">
          <input
            type="checkbox"
            checked={hasSound}
            onChange={(event) => {
              readySound(event.currentTarget.checked);
              setSound(event.currentTarget.checked);
              localStorage.setItem(SOUND, event.currentTarget.checked ? "on" : "off");
            }}
          />
          {w("scan.sound")}
        </label>
      </div>
    </div>
  );
}

const SOUND = "fieldclaim-scan-sound";

let sound: AudioContext | null = null;

/** Gets the sound ready while a finger is on the screen: later a phone may refuse it. */
function readySound(isWanted: boolean): void {
  if (isWanted) sound ??= new AudioContext();
}

/** Says "read" to ear and hand: a short tone where it is wanted, a short buzz where motion is. */
function answer(hasSound: boolean): void {
  if (!matchMedia("(prefers-reduced-motion: reduce)").matches) navigator.vibrate?.(50);
  if (!hasSound || !sound) return;
  const tone = sound.createOscillator();
  tone.frequency.value = 880;
  tone.connect(sound.destination);
  tone.start();
  tone.stop(sound.currentTime + 0.09);
}
