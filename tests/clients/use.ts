// What an integrator does, by the client that @hey-api/openapi-ts made: `node use.js URL TOKEN`.
import { client } from './client.gen';
import * as api from './sdk.gen';
import type { Call, CallSummary } from './types.gen';

declare const process: { argv: string[] };

const [baseUrl, token] = process.argv.slice(2);
client.setConfig({ baseUrl, auth: () => token });

function expect(holds: boolean, what: string): void {
  if (!holds) throw new Error(what);
}

async function said<T>(answer: Promise<{ data?: T; error?: unknown }>): Promise<T> {
  const { data, error } = await answer;
  if (data === undefined) throw new Error(JSON.stringify(error));
  return data;
}

async function ended(call_id: string): Promise<Call> {
  for (let tries = 0; tries < 600; tries++) {
    const call = await said(api.voiceCallsGet({ path: { call_id } }));
    if (call.ended_at !== null) return call;
    await new Promise((resolve) => setTimeout(resolve, 150));
  }
  throw new Error(`${call_id} does not end`);
}

async function listed(agent_id: string): Promise<CallSummary[]> {
  const rows: CallSummary[] = [];
  let cursor: string | undefined;
  do {
    const query = { agent_id, created_after: '2026-01-01T00:00:00+02:00', limit: 1, cursor };
    const page = await said(api.voiceCallsList({ query }));
    rows.push(...page.data);
    cursor = page.next_cursor ?? undefined;
  } while (cursor !== undefined);
  return rows;
}

async function main(): Promise<void> {
  const who = await said(api.whoamiGet());
  expect(who.credential.env === 'live', 'who is asking');

  const wanted = { name: 'Noa', prompt: 'Say hello.', voice: 'noa' };
  const made = await said(api.voiceAgentsCreate({ body: wanted }));
  expect(made.language === 'en-US', 'an agent speaks English unless told otherwise');
  const rules = [{ when: 'they ask for a person', action: 'hang_up' as const }];
  const agent = await said(
    api.voiceAgentsUpdate({
      path: { agent_id: made.id },
      headers: { 'If-Match': String(made.version) },
      body: { escalation_rules: rules },
    }),
  );
  expect(agent.version === 2 && agent.escalation_rules[0].when === rules[0].when, 'its rules');

  const body = { agent_id: agent.id, to: '+15005550005', metadata: { lead: 'ליד' } };
  const headers = { 'Idempotency-Key': `typescript-${agent.id}` };
  const placed = await said(api.voiceCallsCreate({ body, headers }));
  const again = await said(api.voiceCallsCreate({ body, headers }));
  expect(placed.id === again.id && placed.metadata.lead === 'ליד', 'placed once');
  const call = await ended(placed.id);
  expect(call.status === 'completed' && call.transcript.length > 0, 'a call with its transcript');
  expect((await listed(agent.id)).map((row) => row.id).join() === placed.id, 'the list');

  const number = '+972541239999';
  await said(api.voiceDoNotCallCreate({ body: { number } }));
  const gone = await api.voiceDoNotCallDelete({ path: { number } });
  expect(gone.response?.status === 204, 'off the list');

  const refused = await api.voiceCallsGet({ path: { call_id: 'call_none' } });
  expect(refused.error?.error.code === 'resource_not_found', 'an error in its type');
}

main();
