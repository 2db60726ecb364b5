// The least that a simulator with a Node.js process for each charger runs: a WebSocket (npm `ws`), a boot, heartbeats.
//
//     node bench/one_charger.mjs URL IDENTITY HEARTBEAT_S
import { createRequire } from 'node:module';

const { WebSocket } = createRequire(new URL('../tests/strict_csms/', import.meta.url))('ws');
const [url, identity, heartbeatS] = process.argv.slice(2);
const socket = new WebSocket(`${url}/${identity}`, 'ocpp1.6');
let number = 0;

const call = (action, payload) => socket.send(JSON.stringify([2, `${++number}`, action, payload]));

socket.on('open', () => call('BootNotification', { chargePointVendor: 'bench', chargePointModel: 'bench' }));
socket.on('message', () => {
  if (number > 1) return;
  call('StatusNotification', { connectorId: 1, errorCode: 'NoError', status: 'Available' });
  setInterval(() => call('Heartbeat', {}), heartbeatS * 1000);
});
socket.on('close', () => process.exit());
