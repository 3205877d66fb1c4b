// Verify a message of a webhook: Node.js 20 or newer, Deno, Bun and workers, nothing to install.

const TOLERANCE_S = 300;

/**
 * The event, if it was signed with the secret just now; throws otherwise. `body` is what came, byte
 * for byte: parsed and written again it would be another.
 */
export async function verify(
  secret: string,
  headers: Headers,
  body: Uint8Array,
): Promise<unknown> {
  const id = headers.get("webhook-id") ?? "";
  const moment = headers.get("webhook-timestamp") ?? "";
  const age = Math.abs(Date.now() / 1000 - Number(moment));
  if (!id || !/^[0-9]+$/.test(moment) || age > TOLERANCE_S) {
    throw new Error("not a message of just now");
  }
  const hmac = { name: "HMAC", hash: "SHA-256" };
  const raw = decoded(secret.replace(/^whsec_/, ""));
  const key = await crypto.subtle.importKey("raw", raw, hmac, false, ["verify"]);
  const head = new TextEncoder().encode(`${id}.${moment}.`);
  const signed = new Uint8Array([...head, ...body]);
  // While a secret is rotated there are two signatures: each of both secrets is good.
  for (const one of (headers.get("webhook-signature") ?? "").split(" ")) {
    const [version, signature] = one.split(",");
    if (version !== "v1" || !signature) continue;
    if (await crypto.subtle.verify("HMAC", key, decoded(signature), signed)) {
      return JSON.parse(new TextDecoder().decode(body));
    }
  }
  throw new Error("not signed with this secret");
}

function decoded(base64: string) {
  return Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
}
