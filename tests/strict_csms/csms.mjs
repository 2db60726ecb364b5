// A CSMS of npm's `ocpp-rpc` in strict mode, driven by lines of JSON.
//
// In:   {"id": 1, "identity": "CP-1", "method": "Reset", "params": {…}}   asks a charger; answered with {"id", "result" | "error"}
//       {"hangUp": "CP-1"}   closes a connection      {"report": 1}   answered with {"report": {…}}
// Out:  {"port": n} first, then the answers.
import { createInterface } from 'node:readline';
import { RPCServer } from 'ocpp-rpc';

const accepted = { status: 'Accepted' };
const clients = new Map();
const seen = { boots: 0, calls: {}, failures: [] };
let transactions = 0;

const now = () => new Date().toISOString();
const say = (message) => process.stdout.write(JSON.stringify(message) + '\n');

const answers = {
  BootNotification: () => ({ ...accepted, currentTime: now(), interval: 300 }),
  Heartbeat: () => ({ currentTime: now() }),
  DataTransfer: () => accepted,
  Authorize: (params, version) => (version === 'ocpp1.6' ? { idTagInfo: accepted } : { idTokenInfo: accepted }),
  StartTransaction: () => ({ transactionId: ++transactions, idTagInfo: accepted }),
  TransactionEvent: (params) => (params.idToken ? { idTokenInfo: accepted } : {}),
};

const server = new RPCServer({ protocols: ['ocpp1.6', 'ocpp2.0.1'], strictMode: true });

server.on('client', (client) => {
  clients.set(client.identity, client);
  client.on('strictValidationFailure', ({ error, method, params, result, outbound }) => {
    seen.failures.push({ identity: client.identity, method, params, result, outbound, error: String(error) });
  });
  client.handle(({ method, params }) => {
    seen.calls[method] = (seen.calls[method] ?? 0) + 1;
    seen.boots += method === 'BootNotification';
    return (answers[method] ?? (() => ({})))(params, client.protocol);
  });
});

async function ask({ id, identity, method, params }) {
  try {
    say({ id, result: await clients.get(identity).call(method, params) });
  } catch (error) {
    say({ id, error: `${error.rpcErrorCode ?? error.code ?? 'Error'}: ${error.message}` });
  }
}

createInterface({ input: process.stdin })
  .on('line', (line) => {
    const message = JSON.parse(line);
    if (message.report) say({ report: { ...seen, connected: server._clients.size } });
    else if (message.hangUp) clients.get(message.hangUp).close({ code: 1001, force: true });
    else ask(message);
  })
  .on('close', () => process.exit());

const http = await server.listen(0, '127.0.0.1');
say({ port: http.address().port });
