"""An asyncssh server or client for one test: asyncssh_peer.py server|client OPTIONS, OPTIONS in JSON.

Both roles: kex, host_key (client), cipher, mac, compression: lists of names that replace asyncssh's own.
Server: keys: files of private keys. Client: host, port.
Prints `listening PORT` (server), and for each connection one line `agreed NAME=VALUE ...` or `failed TEXT`.
"""

import asyncio
import json
import sys

import asyncssh
from asyncssh.connection import SSHConnection

# asyncssh tells what was agreed only in its log, and there without the connection: read it where the keys are taken
# into use.
send_newkeys = SSHConnection.send_newkeys


def telling_newkeys(self, *arguments):
    def text(name):
        return name.decode() if name else "-"

    def mac(cipher, name):
        return "-" if cipher == name else text(name)

    if not self._session_id:
        host_key = getattr(getattr(self, "_server_host_key", None), "algorithm", None) if self.is_server() else None
        print(
            f"agreed kex={text(self._kex.algorithm)} host_key={text(host_key)} "
            f"cipher_c2s={text(self._enc_alg_cs)} mac_c2s={mac(self._enc_alg_cs, self._mac_alg_cs)} "
            f"compression_c2s={text(self._cmp_alg_cs)} "
            f"cipher_s2c={text(self._enc_alg_sc)} mac_s2c={mac(self._enc_alg_sc, self._mac_alg_sc)} "
            f"compression_s2c={text(self._cmp_alg_sc)}",
            flush=True,
        )
    return send_newkeys(self, *arguments)


SSHConnection.send_newkeys = telling_newkeys


class Server(asyncssh.SSHServer):
    """Tells how each connection ended."""

    def connection_lost(self, exc):
        if exc:
            print(f"failed {type(exc).__name__}: {exc}", flush=True)


def lists(options):
    names = {"kex": "kex_algs", "cipher": "encryption_algs", "mac": "mac_algs", "compression": "compression_algs"}
    return {names[option]: options[option] for option in names if options.get(option)}


async def serve(options):
    listener = await asyncssh.create_server(
        Server, "127.0.0.1", 0, server_host_keys=options["keys"], login_timeout=30, config=None, **lists(options)
    )
    print(f"listening {listener.get_port()}", flush=True)
    await asyncio.Event().wait()


async def connect(options):
    more = {"server_host_key_algs": options["host_key"]} if options.get("host_key") else {}
    try:
        await asyncssh.connect(
            options["host"],
            options["port"],
            username="nobody",
            password="wrong",
            known_hosts=None,
            config=None,
            client_keys=None,
            agent_path=None,
            login_timeout=10,
            **lists(options),
            **more,
        )
    except (asyncssh.Error, OSError) as error:
        print(f"failed {type(error).__name__}: {error}", flush=True)


asyncio.run({"server": serve, "client": connect}[sys.argv[1]](json.loads(sys.argv[2])))
