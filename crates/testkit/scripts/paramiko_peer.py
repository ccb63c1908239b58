"""A paramiko server or client for one test: paramiko_peer.py server|client OPTIONS, OPTIONS in JSON.

Both roles: kex, host_key, cipher, mac: lists of names that replace paramiko's own.
Server: keys: files of private keys. Client: host, port.
Prints `listening PORT` (server), and for each connection one line `agreed NAME=VALUE ...` or `failed TEXT`.
"""

import json
import logging
import re
import socket
import sys
import threading

import paramiko


class Kex(logging.Handler):
    """Keeps the key exchange method, which paramiko tells nowhere but in its log."""

    name_agreed = "-"

    def emit(self, record):
        found = re.match(r"Kex: (\S+)", record.getMessage())
        if found:
            self.name_agreed = found.group(1)


def prepare(transport, options, serial):
    channel = f"testkit.{serial}"
    transport.set_log_channel(channel)
    kex = Kex()
    logger = logging.getLogger(channel)
    logger.setLevel(logging.DEBUG)
    logger.addHandler(kex)
    logger.propagate = False
    security = transport.get_security_options()
    for option, attribute in (("kex", "kex"), ("host_key", "key_types"), ("cipher", "ciphers"), ("mac", "digests")):
        if options.get(option):
            setattr(security, attribute, options[option])
    return kex


def tell(transport, kex, server):
    def mac(cipher, name):
        return "-" if transport._cipher_info[cipher].get("is_aead") else name

    local = (transport.local_cipher, mac(transport.local_cipher, transport.local_mac), transport.local_compression)
    remote = (transport.remote_cipher, mac(transport.remote_cipher, transport.remote_mac), transport.remote_compression)
    c2s, s2c = (remote, local) if server else (local, remote)
    print(
        f"agreed kex={kex.name_agreed} host_key={transport.host_key_type} "
        f"cipher_c2s={c2s[0]} mac_c2s={c2s[1]} compression_c2s={c2s[2]} "
        f"cipher_s2c={s2c[0]} mac_s2c={s2c[1]} compression_s2c={s2c[2]}",
        flush=True,
    )


def load_key(path):
    for kind in (paramiko.Ed25519Key, paramiko.ECDSAKey, paramiko.RSAKey):
        try:
            return kind.from_private_key_file(path)
        except paramiko.SSHException:
            pass
    raise SystemExit(f"paramiko cannot read {path}")


def serve_one(connection, options, keys, serial):
    transport = paramiko.Transport(connection)
    kex = prepare(transport, options, serial)
    for key in keys:
        transport.add_server_key(key)
    done = threading.Event()
    try:
        transport.start_server(event=done, server=paramiko.ServerInterface())
        done.wait(30)
        if transport.initial_kex_done:
            tell(transport, kex, True)
        else:
            print(f"failed {transport.get_exception()!r}", flush=True)
        transport.join(30)
    finally:
        transport.close()


def serve(options):
    keys = [load_key(path) for path in options["keys"]]
    listener = socket.create_server(("127.0.0.1", 0), backlog=64)
    print(f"listening {listener.getsockname()[1]}", flush=True)
    serial = 0
    while True:
        connection, _ = listener.accept()
        serial += 1
        threading.Thread(target=serve_one, args=(connection, options, keys, serial), daemon=True).start()


def connect(options):
    transport = paramiko.Transport(socket.create_connection((options["host"], options["port"]), timeout=10))
    kex = prepare(transport, options, 0)
    try:
        transport.start_client(timeout=10)
        tell(transport, kex, False)
    except (paramiko.SSHException, EOFError, OSError) as error:
        print(f"failed {type(error).__name__}: {error}", flush=True)
    finally:
        transport.close()


{"server": serve, "client": connect}[sys.argv[1]](json.loads(sys.argv[2]))
