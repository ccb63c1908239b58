"""Writes the regular seeds under seeds/; run it in this folder. Seeds that fuzzing found are not touched."""

import pathlib
import struct

SEEDS = pathlib.Path(__file__).parent / "seeds"


def u32(number):
    return struct.pack(">I", number)


def string(data):
    return u32(len(data)) + data


def packet(payload, length=None, padding=None):
    if padding is None:
        padding = 8 - (len(payload) + 5) % 8
        padding += 8 if padding < 4 else 0
        padding += 8 if len(payload) + 5 + padding < 16 else 0
    if length is None:
        length = 1 + len(payload) + padding
    return u32(length) + bytes([padding % 256]) + payload + bytes(padding % 256)


def kexinit(kex, key=b"ssh-ed25519", cipher=b"aes128-ctr", mac=b"hmac-sha2-256", follows=0):
    lists = [kex, key, cipher, cipher, mac, mac, b"none", b"none", b"", b""]
    return bytes([20]) + bytes(range(16)) + b"".join(map(string, lists)) + bytes([follows]) + u32(0)


X25519 = b"curve25519-sha256"
GEX = b"diffie-hellman-group-exchange-sha256"
HELLO = b"SSH-2.0-seed\r\n"
KEY = string(b"ssh-ed25519") + string(bytes(range(32)))
SIGNATURE = string(b"ssh-ed25519") + string(bytes(64))
POINT = bytes([9]) * 32

messages = {
    "disconnect": bytes([1]) + u32(2) + string(b"Too many authentication failures") + string(b""),
    "disconnect_without_text": bytes([1]) + u32(11),
    "ignore": bytes([2]) + string(b"noise"),
    "unimplemented": bytes([3]) + u32(1),
    "debug": bytes([4, 1]) + string(b"hello") + string(b"en"),
    "service_request": bytes([5]) + string(b"ssh-userauth"),
    "service_accept": bytes([6]) + string(b"ssh-userauth"),
    "ext_info": bytes([7]) + u32(1) + string(b"server-sig-algs") + string(b"ssh-ed25519,rsa-sha2-256"),
    "ext_info_too_many": bytes([7]) + u32(0xFFFFFFFF),
    "kexinit": kexinit(X25519 + b",ext-info-s,kex-strict-s-v00@openssh.com"),
    "kexinit_guess": kexinit(X25519, follows=1),
    "kexinit_empty_lists": kexinit(b"", b"", b"", b""),
    "kexinit_nul_and_commas": kexinit(b"a\0b,,c,", b","),
    "kexinit_cut": kexinit(X25519)[:40],
    "kexinit_length_too_large": bytes([20]) + bytes(16) + u32(0x7FFFFFFF) + b"x",
    "newkeys": bytes([21]),
    "newkeys_trailing": bytes([21, 0]),
    "kex_init": bytes([30]) + string(POINT),
    "kex_reply": bytes([31]) + string(KEY) + string(POINT) + string(SIGNATURE),
    "gex_group": bytes([31]) + string(b"\0" + b"\xff" * 128) + string(b"\x02"),
    "gex_init_negative": bytes([32]) + string(b"\xff\xff"),
    "gex_reply": bytes([33]) + string(KEY) + string(b"\x7f" * 128) + string(SIGNATURE),
    "gex_request": bytes([34]) + u32(1024) + u32(2048) + u32(8192),
    "gex_request_old": bytes([30]) + u32(2048),
    "unknown": bytes([192, 1, 2, 3]),
    "empty": b"",
    "host_key_blob": KEY,
    "signature_blob": SIGNATURE,
}

packets = {
    "two": packet(messages["ignore"]) + packet(messages["newkeys"]),
    "cut": packet(messages["kexinit"])[:20],
    "length_zero": u32(0),
    "length_four_gigabytes": u32(0xFFFFFFFF) + b"xx",
    "misaligned": packet(b"\x02", length=13),
    "padding_too_short": packet(b"\x02" + bytes(7), padding=3),
    "padding_beyond_packet": packet(b"\x02", length=12, padding=200),
    "payload_empty": packet(b""),
    "text": b"Protocol mismatch.\r\n",
}

identifications = {
    "plain": HELLO,
    "line_feed_only": b"SSH-2.0-OpenSSH_9.2p1 Debian-2+deb12u6\n",
    "preamble": b"Welcome\r\nto this host\r\n\r\n" + HELLO,
    "preamble_endless": b"x\r\n" * 30,
    "line_endless": b"x" * 400,
    "line_feed_only_at_the_limit": b"SSH-2.0-" + b"x" * 292 + b"\n",
    "one": b"SSH-1.5-Cisco-1.25\n",
    "one_and_two": b"SSH-1.99-Cisco-1.25\n",
    "too_long": b"SSH-2.0-" + b"x" * 260 + b"\r\n",
    "nul": b"SSH-2.0-a\0b\r\n",
    "no_software": b"SSH-2.0\r\n",
    "carriage_returns": b"\r\r\nSSH-2.0-x\r\r\n",
}

strange = {
    "http": b"HTTP/1.1 400 Bad Request\r\nServer: seed\r\n\r\n",
    "http_request": b"GET / HTTP/1.1\r\nHost: seed\r\n\r\n",
    "tls_alert": b"\x15\x03\x01\x00\x02\x02\x46",
    "tls_client_hello": b"\x16\x03\x01\x00\x05\x01\x00\x00\x01\x00",
    "smtp": b"220 seed.example ESMTP\r\n",
    "mysql": b"\x4a\x00\x00\x00\x0a8.0.36\x00",
    "rdp": b"\x03\x00\x00\x13\x0e\xd0\x00\x00\x12\x34\x00\x02",
    "telnet": b"\xff\xfd\x18\xff\xfd\x20",
    "throttled": b"Exceeded MaxStartups\r\n",
    "not_allowed": b"Not allowed at this time\r\n",
    "binary": bytes(range(1, 9)) + bytes(70),
}


def stream(*payloads):
    return HELLO + b"".join(map(packet, payloads))


client = {
    "exchange": stream(messages["kexinit"], messages["kex_reply"], messages["newkeys"]),
    "exchange_with_noise": stream(
        messages["ignore"], messages["debug"], messages["unknown"], messages["kexinit"], messages["ignore"],
        messages["kex_reply"], messages["newkeys"],
    ),
    "group_exchange": stream(kexinit(GEX), messages["gex_group"], messages["gex_reply"], messages["newkeys"]),
    "wrong_guess": stream(
        kexinit(b"ecdh-sha2-nistp256," + X25519, b"ssh-rsa,ssh-ed25519", follows=1), messages["kex_reply"],
        messages["kex_reply"], messages["newkeys"],
    ),
    "nothing_in_common": stream(kexinit(b"curve448-sha512")),
    "no_ciphers": stream(kexinit(X25519, cipher=b"")),
    "disconnect": stream(messages["disconnect"]),
    "newkeys_first": stream(messages["newkeys"]),
    "kexinit_twice": stream(messages["kexinit"], messages["kexinit"]),
    "text_for_packet": HELLO + packets["text"],
    "empty_packet": stream(b""),
    "ignores": stream(*[messages["ignore"]] * 70),
    **strange,
}

server = {
    "exchange": stream(kexinit(X25519), messages["kex_init"], messages["newkeys"]),
    "small_order": stream(kexinit(X25519), bytes([30]) + string(bytes(32))),
    "group_exchange": stream(
        kexinit(GEX), messages["gex_request"], bytes([32]) + string(b"\x7f" * 200), messages["newkeys"],
    ),
    "group_exchange_old": stream(kexinit(GEX), messages["gex_request_old"], messages["gex_init_negative"]),
    "group_too_small": stream(kexinit(GEX), bytes([34]) + u32(1) + u32(2) + u32(3)),
    "wrong_guess": stream(
        kexinit(b"ecdh-sha2-nistp256," + X25519, follows=1), bytes([30]) + string(b"\x04" * 65), messages["kex_init"],
        messages["newkeys"],
    ),
    "nothing_in_common": stream(kexinit(b"diffie-hellman-group1-sha1")),
    **strange,
}

for target, seeds in {
    "ssh_messages": messages,
    "ssh_packet": packets,
    "ssh_identification": {**identifications, **strange},
    "handshake_client": client,
    "handshake_server": server,
}.items():
    folder = SEEDS / target
    folder.mkdir(parents=True, exist_ok=True)
    for name, data in seeds.items():
        (folder / name).write_bytes(data)

texts = {
    'charon': '09[IKE] <site-a|3> received NO_PROPOSAL_CHOSEN notify error\n09[CFG] received proposals: IKE:AES_CBC_128/HMAC_SHA1_96/PRF_HMAC_SHA1/MODP_1024\n09[CFG] configured proposals: IKE:AES_GCM_16_256/PRF_HMAC_SHA2_384/ECP_384\n',
    'colours': '\x1b[31mcurl: (60) SSL certificate problem: \x1b[1mcertificate has expired\x1b[0m\r\n',
    'json_in_json': '{"log":"{\\"level\\":\\"error\\",\\"msg\\":\\"tls: handshake failure\\\\n\\"}\\n","stream":"stderr","time":"2026-11-21T10:00:00.1Z"}\n',
    'mailed': '> kex error : no match for method server host key algo: server [ssh-rs=\n> a,ssh-dss], client [ssh-ed25519]=20\n',
    'ssh_client': 'Unable to negotiate with 192.0.2.7 port 22: no matching host key type found. Their offer: ssh-rsa,ssh-dss\n',
    'sshd_log': 'Nov 21 10:00:00 gw sshd[77]: Connection from 192.0.2.7 port 40001 on 192.0.2.1 port 22\nNov 21 10:00:01 gw sshd[77]: fatal: Unable to negotiate with 192.0.2.7 port 40001: no matching key exchange method found. Their offer: diffie-hellman-group1-sha1 [preauth]\n',
}
folder = SEEDS / "messages_text"
folder.mkdir(parents=True, exist_ok=True)
for name, text in texts.items():
    (folder / name).write_bytes(text.encode())
(folder / "utf16").write_bytes("\ufeffError 13801: IKE authentication credentials are unacceptable\r\n".encode("utf-16-le"))
