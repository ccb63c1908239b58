// One connection of node's ssh2: node -e SCRIPT -- OPTIONS, OPTIONS in JSON: host, port, and lists of names for kex,
// host_key, cipher, mac, compression that replace its own.
// Prints one line `agreed NAME=VALUE ...` or `failed TEXT`.

const { Client } = require("ssh2");

const options = JSON.parse(process.argv[1]);
const names = { kex: "kex", host_key: "serverHostKey", cipher: "cipher", mac: "hmac", compression: "compress" };
const algorithms = {};
for (const option of Object.keys(names)) {
  if (options[option] && options[option].length) algorithms[names[option]] = options[option];
}

let agreed = false;
const client = new Client();
client.on("handshake", (what) => {
  const value = (name) => name || "-";
  agreed = true;
  console.log(
    `agreed kex=${value(what.kex)} host_key=${value(what.serverHostKey)} ` +
      `cipher_c2s=${value(what.cs.cipher)} mac_c2s=${value(what.cs.mac)} compression_c2s=${value(what.cs.compress)} ` +
      `cipher_s2c=${value(what.sc.cipher)} mac_s2c=${value(what.sc.mac)} compression_s2c=${value(what.sc.compress)}`,
  );
  client.end();
});
client.on("error", (error) => {
  if (!agreed) console.log(`failed ${error.message}`);
  client.destroy();
});
client.on("close", () => process.exit(0));
client.connect({
  host: options.host,
  port: options.port,
  username: "nobody",
  password: "wrong",
  readyTimeout: 10000,
  algorithms,
});
