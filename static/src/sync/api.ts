/** Talking to the server. An answer counts only if it is ours: a captive portal's page acknowledges nothing. */

export const PROTOCOL = "1";
const TIMEOUT = 30_000;

/** The server could not be reached, or somebody else answered in its place. */
export class Unreachable extends Error {}

/** The server said no. `code` is stable; `wipe` tells the phone that it may no longer keep the company's data. */
export class Refusal extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly params: Record<string, unknown> = {},
    readonly wipe = false,
    /** Seconds after which the server wants to be asked again; 0 where it did not say. */
    readonly retryAfter = 0,
  ) {
    super(code);
  }
}

/** Sends a request and gives the answer, whatever its status. Raises Unreachable where it is not ours. */
export async function ask(path: string, options: RequestInit = {}): Promise<Response> {
  let response: Response;
  try {
    response = await fetch(path, {
      ...options,
      cache: "no-store",
      credentials: "omit",
      signal: AbortSignal.timeout(TIMEOUT),
      headers: { "Fieldclaim-Protocol": PROTOCOL, ...options.headers },
    });
  } catch (error) {
    throw new Unreachable(String(error));
  }
  if (!response.headers.has("Fieldclaim-Protocol")) throw new Unreachable("not our server");
  return response;
}

/** Sends JSON and reads JSON. Raises Refusal or Unreachable. */
export async function call<T>(path: string, body?: unknown, token?: string, method = "GET"): Promise<T> {
  const headers: Record<string, string> = token ? { Authorization: `Bearer ${token}` } : {};
  const options: RequestInit = { method, headers };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    const text = JSON.stringify(body);
    const packed = text.length > 1400 ? await gzip(text) : null;
    if (packed) headers["Content-Encoding"] = "gzip";
    Object.assign(options, { method: "POST", body: packed ?? text });
  }
  const response = await ask(path, options);
  if (!response.ok) throw await refusalOf(response);
  if (response.status === 204) return undefined as T;
  try {
    return (await response.json()) as T;
  } catch {
    throw new Unreachable("the answer was cut off");
  }
}

/** The refusal that a response carries. */
export async function refusalOf(response: Response): Promise<Refusal> {
  const problem = await response.json().catch(() => ({}));
  return new Refusal(
    response.status,
    problem.code ?? "server_error",
    problem.params ?? {},
    problem.wipe === true,
    Number(response.headers.get("Retry-After")) || 0,
  );
}

async function gzip(text: string): Promise<ArrayBuffer | null> {
  if (typeof CompressionStream === "undefined") return null;
  return new Response(new Blob([text]).stream().pipeThrough(new CompressionStream("gzip"))).arrayBuffer();
}
