/** Reading codes with the camera. Loaded only when somebody opens it. */

/** The longest side of what the decoder looks at, and how often it looks: quick enough for a slow phone. */
const SIDE = 800;
const EVERY = 120;
/** The same code in view is read once, not ten times a second. */
const SAME_CODE = 2_500;

export interface Camera {
  stop: () => void;
  /** Switches the lamp; null where there is none. */
  setTorch: ((isOn: boolean) => Promise<void>) | null;
  /** Whether bar codes are read too, or QR codes only. */
  readsBars: boolean;
}

/** Why there is no picture: each has its own sentence. */
export type CameraProblem = "refused" | "missing" | "busy" | "insecure" | "failed";

type Read = (frame: HTMLCanvasElement) => Promise<string | null>;

interface Detector {
  detect: (picture: CanvasImageSource) => Promise<{ rawValue: string }[]>;
}
interface DetectorKind {
  new (options: { formats: string[] }): Detector;
  getSupportedFormats: () => Promise<string[]>;
}

/** Opens the camera into `video` and hands over each code that comes into view. Raises CameraProblem as a string. */
export async function openCamera(video: HTMLVideoElement, onCode: (text: string) => void): Promise<Camera> {
  const stream = await streamOf();
  const track = stream.getVideoTracks()[0];
  video.srcObject = stream;
  await video.play();
  const detector = await detectorOf();
  const stopLooking = look(video, detector ?? readQr, onCode);
  const stop = () => {
    stopLooking();
    for (const each of stream.getTracks()) each.stop();
    video.srcObject = null;
  };
  const hasTorch = track && "torch" in (track.getCapabilities?.() ?? {});
  const setTorch = hasTorch
    ? (isOn: boolean) => track.applyConstraints({ advanced: [{ torch: isOn } as MediaTrackConstraintSet] })
    : null;
  return { stop, setTorch, readsBars: detector !== null };
}

async function streamOf(): Promise<MediaStream> {
  if (!navigator.mediaDevices?.getUserMedia) throw "insecure" satisfies CameraProblem;
  const video = { facingMode: { ideal: "environment" }, width: { ideal: 1280 }, height: { ideal: 720 } };
  try {
    return await navigator.mediaDevices.getUserMedia({ video, audio: false });
  } catch (error) {
    throw problemOf((error as DOMException).name);
  }
}

function problemOf(name: string): CameraProblem {
  if (name === "NotAllowedError" || name === "SecurityError") return "refused";
  if (name === "NotFoundError" || name === "OverconstrainedError") return "missing";
  return name === "NotReadableError" || name === "AbortError" ? "busy" : "failed";
}

let seen = { text: "", at: 0 };

/** Looks at a frame now and then, until it is stopped. */
function look(video: HTMLVideoElement, read: Read, onCode: (text: string) => void): () => void {
  const frame = document.createElement("canvas");
  let isOpen = true;
  const turn = async () => {
    if (video.readyState >= video.HAVE_CURRENT_DATA) {
      const scale = Math.min(1, SIDE / Math.max(video.videoWidth, video.videoHeight));
      frame.width = Math.round(video.videoWidth * scale);
      frame.height = Math.round(video.videoHeight * scale);
      frame.getContext("2d", { willReadFrequently: true })?.drawImage(video, 0, 0, frame.width, frame.height);
      const text = await read(frame);
      if (!isOpen) return;
      if (text && (text !== seen.text || Date.now() - seen.at > SAME_CODE)) onCode(text);
      if (text) seen = { text, at: Date.now() };
    }
    if (isOpen) setTimeout(() => void turn(), EVERY);
  };
  void turn();
  return () => {
    isOpen = false;
    frame.width = frame.height = 0; // iOS counts canvas memory until it is let go
  };
}

/** The browser's own reader, where it really has one: some phones name the interface and support no format. */
async function detectorOf(): Promise<Read | null> {
  const Kind = (globalThis as { BarcodeDetector?: DetectorKind }).BarcodeDetector;
  const formats = (await Kind?.getSupportedFormats().catch(() => [])) ?? [];
  if (!Kind || !formats.includes("qr_code")) return null;
  const detector = new Kind({ formats });
  return async (frame) => (await detector.detect(frame).catch(() => []))[0]?.rawValue ?? null;
}

async function readQr(frame: HTMLCanvasElement): Promise<string | null> {
  const { default: decode } = await import("qr/decode.js");
  const pixels = frame.getContext("2d")?.getImageData(0, 0, frame.width, frame.height);
  try {
    return pixels ? decode(pixels) : null;
  } catch {
    return null; // no code is in view
  }
}
