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


def u16(number):
    return struct.pack(">H", number)


def opaque8(data):
    return bytes([len(data)]) + data


def opaque16(data):
    return u16(len(data)) + data


def opaque24(data):
    return u32(len(data))[1:] + data


def handshake(number, body):
    return bytes([number]) + opaque24(body)


def record(content, data, version=0x0301):
    return bytes([content]) + u16(version) + opaque16(data)


def numbers(*list_):
    return b"".join(map(u16, list_))


RANDOM = bytes(range(32))
RETRY = bytes.fromhex("cf21ad74e59a6111be1d8c021e65b891c2a211167abb8c5e079e09e2c8a8339c")
EXTENSIONS = {
    "server_name": (0, opaque16(b"\0" + opaque16(b"example.com"))),
    "max_fragment_length": (1, b"\x02"),
    "status_request": (5, b"\x01" + opaque16(b"") + opaque16(b"")),
    "supported_groups": (10, opaque16(numbers(0x2A2A, 4588, 29, 23))),
    "ec_point_formats": (11, opaque8(b"\0\1\2")),
    "signature_algorithms": (13, opaque16(numbers(0x0403, 0x0804, 0x0401, 0x0201))),
    "heartbeat": (15, b"\x01"),
    "alpn": (16, opaque16(opaque8(b"h2") + opaque8(b"http/1.1") + opaque8(b""))),
    "timestamps": (18, opaque16(opaque16(b"\0" * 40))),
    "padding": (21, bytes(20)),
    "encrypt_then_mac": (22, b""),
    "extended_master_secret": (23, b""),
    "compress_certificate": (27, opaque8(numbers(2, 1))),
    "record_size_limit": (28, u16(16385)),
    "session_ticket": (35, b"ticket"),
    "pre_shared_key": (41, opaque16(opaque16(b"identity") + u32(99)) + opaque16(opaque8(bytes(32)))),
    "early_data": (42, u32(16384)),
    "supported_versions": (43, opaque8(numbers(0x1A1A, 0x0304, 0x0303))),
    "selected_version": (43, u16(0x0304)),
    "cookie": (44, opaque16(b"cookie")),
    "psk_key_exchange_modes": (45, opaque8(b"\x01\x0b")),
    "authorities": (47, opaque16(opaque16(b"0\x00"))),
    "key_share": (51, opaque16(u16(0x2A2A) + opaque16(b"\0") + u16(29) + opaque16(POINT))),
    "key_share_odd": (51, opaque16(u16(29))),
    "selected_group": (51, u16(4588)),
    "next_protocols": (13172, opaque8(b"spdy/3.1") + opaque8(b"http/1.1")),
    "encrypted_client_hello": (0xFE0D, b"\0" + numbers(1, 1) + b"\x07" + opaque16(POINT) + opaque16(bytes(48))),
    "renegotiation_info": (0xFF01, opaque8(b"")),
    "grease": (0x6A6A, b""),
    "groups_uneven": (10, opaque16(b"\0\x1d\0")),
    "server_name_too_long": (0, u16(60000) + b"x"),
}


def extensions(*names):
    return opaque16(b"".join(u16(EXTENSIONS[name][0]) + opaque16(EXTENSIONS[name][1]) for name in names))


def client_hello(tail=b"", suites=(0x1301, 0xC02F, 0x002F, 0x00FF), cookie=b""):
    return u16(0x0303) + RANDOM + opaque8(bytes(32)) + cookie + opaque16(numbers(*suites)) + opaque8(b"\0") + tail


def server_hello(suite, tail=b"", random=RANDOM, version=0x0303):
    return u16(version) + random + opaque8(b"") + u16(suite) + b"\0" + tail


OFFERED = [name for name in EXTENSIONS if name not in ("selected_version", "selected_group", "early_data")]
tls_messages = {
    "hello_request": handshake(0, b""),
    "client_hello": handshake(1, client_hello(extensions(*OFFERED))),
    "client_hello_ssl3": handshake(1, client_hello()),
    "client_hello_datagram": handshake(1, client_hello(extensions("supported_groups"), cookie=opaque8(b"cookie"))),
    "client_hello_extensions_empty": handshake(1, client_hello(extensions())),
    "client_hello_suites_uneven": handshake(1, u16(0x0303) + RANDOM + b"\0" + opaque16(b"\0\x2f\0") + opaque8(b"\0")),
    "client_hello_cut": handshake(1, client_hello()[:36]),
    "server_hello": handshake(2, server_hello(0xC02F, extensions("renegotiation_info", "ec_point_formats"))),
    "server_hello_13": handshake(2, server_hello(0x1301, extensions("selected_version", "selected_group"))),
    "server_hello_draft": handshake(2, u16(0x7F13) + RANDOM + u16(0x1301) + extensions("selected_group")),
    "hello_retry_request": handshake(2, server_hello(0x1301, extensions("selected_version", "selected_group"), RETRY)),
    "downgraded": handshake(2, server_hello(0x002F, random=RANDOM[:24] + b"DOWNGRD\x01")),
    "hello_verify_request": handshake(3, u16(0xFEFF) + opaque8(b"cookie")),
    "ticket": handshake(4, u32(7200) + opaque16(b"ticket")),
    "ticket_13": handshake(4, u32(7200) + u32(5) + opaque8(b"\0") + opaque16(b"ticket") + extensions("early_data")),
    "encrypted_extensions": handshake(8, extensions("alpn", "supported_groups")),
    "certificate": handshake(11, opaque24(opaque24(b"0\0") + opaque24(b"0\0"))),
    "certificate_13": handshake(11, opaque8(b"") + opaque24(opaque24(b"0\0") + extensions("timestamps"))),
    "certificate_length_too_large": handshake(11, b"\xff\xff\xff" + b"0\0"),
    "dhe": handshake(12, opaque16(b"\xff" * 128) + opaque16(b"\2") + opaque16(b"\5" * 128) + u16(0x0401) + opaque16(POINT)),
    "ecdhe": handshake(12, b"\3" + u16(29) + opaque8(POINT) + u16(0x0804) + opaque16(bytes(64))),
    "ecdhe_psk": handshake(12, opaque16(b"hint") + b"\3" + u16(29) + opaque8(POINT)),
    "explicit_curve": handshake(12, b"\1" + opaque8(b"p") * 7),
    "certificate_request": handshake(13, opaque8(b"\1\x40") + opaque16(u16(0x0403)) + opaque16(opaque16(b"0\0"))),
    "certificate_request_10": handshake(13, opaque8(b"\1") + opaque16(opaque16(b"0\0"))),
    "certificate_request_13": handshake(13, opaque8(b"") + extensions("signature_algorithms", "authorities")),
    "server_hello_done": handshake(14, b""),
    "certificate_verify": handshake(15, u16(0x0804) + opaque16(bytes(64))),
    "client_key_exchange": handshake(16, opaque8(POINT)),
    "finished": handshake(20, bytes(12)),
    "status": handshake(22, b"\1" + opaque24(b"0\0")),
    "status_multi": handshake(22, b"\2" + opaque24(opaque24(b"0\0") + opaque24(b""))),
    "key_update": handshake(24, b"\1"),
    "compressed_certificate": handshake(25, u16(2) + opaque24(b"")[:3] + opaque24(b"brotli")),
    "unknown": handshake(67, b"\x08http/1.1"),
    "length_wrong": b"\x0e\0\0\5",
    "alert": b"\x02\x46",
    "empty": b"",
}

HELLO_TLS = tls_messages["client_hello_ssl3"]
tls_records = {
    "hello": record(22, HELLO_TLS),
    "hello_in_pieces": b"".join(record(22, HELLO_TLS[at : at + 9]) for at in range(0, len(HELLO_TLS), 9)),
    "many_in_one": record(22, tls_messages["server_hello"] + tls_messages["certificate"] + tls_messages["server_hello_done"]),
    "alert": record(21, b"\x02\x28", 0x0300),
    "change_cipher_spec": record(20, b"\1") + record(23, bytes(30), 0x0303),
    "empty_fragments": record(22, b"") * 8,
    "message_too_long": record(22, b"\x0b\xff\xff\xff"),
    "handshake_endless": record(22, handshake(11, bytes(490))) * 4,
    "record_too_long": b"\x16\3\1\xff\xff",
    "datagram": record(22, HELLO_TLS, 0xFEFD),
    "http": strange["http"],
    "smtp": strange["smtp"],
}

SSL2_HELLO = b"\1" + numbers(2, 9, 0, 16) + b"\7\0\xc0" + b"\1\0\x80" + b"\0\0\x2f" + bytes(16)


def datagram(message, sequence=0):
    body = message[4:]
    part = message[:4] + u16(sequence) + opaque24(b"") + opaque24(body)
    return b"\x16" + u16(0xFEFF) + u16(0) + bytes(6) + opaque16(part)


tls_other_records = {
    "ssl2_client_hello": u16(0x8000 | len(SSL2_HELLO)) + SSL2_HELLO,
    "ssl2_client_hello_uneven": b"\x80\x0b\1" + numbers(2, 2, 0, 0) + b"\0\0",
    "ssl2_server_hello": b"\x80\x12\4\0\1" + numbers(2, 2, 3, 2) + b"0\0" + b"\7\0\xc0" + b"id",
    "ssl2_error": b"\x80\3\0\0\1",
    "ssl2_padding": b"\0\x10\3" + bytes(16),
    "dtls_hello": datagram(tls_messages["client_hello_datagram"]),
    "dtls_two": datagram(tls_messages["hello_verify_request"]) + datagram(tls_messages["server_hello_done"], 1),
    "dtls_part_beyond": b"\x16\xfe\xfd" + bytes(8) + opaque16(b"\1" + opaque24(b"") + u16(0) + bytes(3) + opaque24(b"xx")),
    "dtls_13": b"\x2f\0\0\0\5hello",
    "http": strange["http"],
    "tls": strange["tls_client_hello"],
}


def tlv(tag, *parts):
    body = b"".join(parts)
    size = len(body)
    if size < 128:
        length = bytes([size])
    else:
        digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
        length = bytes([128 + len(digits)]) + digits
    return bytes([tag]) + length + body


def common_name(text):
    return tlv(0x30, tlv(0x31, tlv(0x30, tlv(6, b"\x55\4\3"), tlv(0x0C, text))))


def extension(oid, value, critical=False):
    return tlv(0x30, tlv(6, oid), tlv(1, b"\xff") if critical else b"", tlv(4, value))


SHA256_RSA = tlv(0x30, tlv(6, b"\x2a\x86\x48\x86\xf7\x0d\1\1\x0b"), tlv(5))
P256 = tlv(0x30, tlv(6, b"\x2a\x86\x48\xce\x3d\2\1"), tlv(6, b"\x2a\x86\x48\xce\x3d\3\1\7"))
VALIDITY = tlv(0x30, tlv(0x17, b"250101000000Z"), tlv(0x18, b"20500101000000Z"))


def certificate(*extensions, version=b"\2", subject=b"www.example.org", validity=VALIDITY, key=P256):
    fields = [tlv(0xA0, tlv(2, version)), tlv(2, b"\1"), SHA256_RSA, common_name(b"Example CA"), validity]
    fields += [common_name(subject), tlv(0x30, key, tlv(3, b"\0\4" + bytes(64)))]
    if extensions:
        fields.append(tlv(0xA3, tlv(0x30, *extensions)))
    return tlv(0x30, tlv(0x30, *fields), SHA256_RSA, tlv(3, b"\0" + bytes(64)))


CE = b"\x55\x1d"
NAMES = extension(CE + b"\x11", tlv(0x30, tlv(0x82, b"www.example.org"), tlv(0x87, b"\xc0\0\2\7"), tlv(0x82, b"a\0b")))
CA = extension(CE + b"\x13", tlv(0x30, tlv(1, b"\xff"), tlv(2, b"\0")), critical=True)
x509_certificates = {
    "plain": certificate(),
    "names": certificate(NAMES),
    "authority": certificate(CA, extension(CE + b"\x0f", tlv(3, b"\1\6")), subject=b"Example CA"),
    "constraints": certificate(CA, extension(CE + b"\x1e", tlv(0x30, tlv(0xA0, tlv(0x30, tlv(0x82, b".example.org")))))),
    "purposes": certificate(extension(CE + b"\x25", tlv(0x30, tlv(6, b"\x2b\6\1\5\5\7\3\1")))),
    "must_staple": certificate(extension(b"\x2b\6\1\5\5\7\1\x18", tlv(0x30, tlv(2, b"\5")))),
    "twice": certificate(NAMES, NAMES),
    "names_are_no_list": certificate(extension(CE + b"\x11", b"\4\1x")),
    "version_one": certificate(version=b"\0"),
    "times_without_seconds": certificate(validity=tlv(0x30, tlv(0x17, b"2501010000Z"), tlv(0x17, b"2601010000Z"))),
    "key_unknown": certificate(key=tlv(0x30, tlv(6, b"\x2a\3"))),
    "length_too_long": b"\x30\x82\xff\xff\x30",
    "length_indefinite": b"\x30\x80\x30\x80\0\0\0\0",
    "cut": certificate(NAMES)[:-20],
    "trailing": certificate() + b"\0",
}


def armoured(label, data):
    import base64

    text = base64.encodebytes(data)
    return b"-----BEGIN " + label + b"-----\n" + text + b"-----END " + label + b"-----\n"


x509_files = {
    "chain": armoured(b"CERTIFICATE", x509_certificates["names"]) + armoured(b"CERTIFICATE", x509_certificates["authority"]),
    "key_and_text": b"a comment\r\n" + armoured(b"PRIVATE KEY", tlv(0x30, tlv(2, b"\0"))),
    "no_end": b"-----BEGIN CERTIFICATE-----\nMIIB\n-----BEGIN CERTIFICATE-----\n",
    "not_base64": b"-----BEGIN CERTIFICATE-----\nM*I\n-----END CERTIFICATE-----\n",
    "headers": b"-----BEGIN X-----\nProc-Type: 4,ENCRYPTED\n\nAAAA\n-----END X-----\n",
    "der": x509_certificates["names"],
}
OCSP_TIME = tlv(0x18, b"20250101000000Z")
OCSP_ID = tlv(0x30, tlv(0x30, tlv(6, b"\x2b\x0e\3\2\x1a")), tlv(4, bytes(20)), tlv(4, bytes(20)), tlv(2, b"\1"))


def staple(state):
    answer = tlv(0x30, OCSP_ID, state, OCSP_TIME, tlv(0xA0, OCSP_TIME))
    data = tlv(0x30, tlv(0xA1, common_name(b"Example CA")), OCSP_TIME, tlv(0x30, answer))
    basic = tlv(0x30, data, SHA256_RSA, tlv(3, b"\0" + bytes(64)))
    return tlv(0x30, tlv(10, b"\0"), tlv(0xA0, tlv(0x30, tlv(6, b"\x2b\6\1\5\5\7\x30\1\1"), tlv(4, basic))))


x509_staples = {
    "good": staple(tlv(0x80)),
    "revoked": staple(tlv(0xA1, OCSP_TIME, tlv(0xA0, tlv(10, b"\1")))),
    "unknown": staple(tlv(0x82)),
    "try_later": tlv(0x30, tlv(10, b"\3")),
    "cut": staple(tlv(0x80))[:-10],
}


def revocation_list(*entries, extensions=b"", times=2):
    fields = [tlv(2, b"\1"), SHA256_RSA, common_name(b"Example CA")] + [tlv(0x17, b"250101000000Z")] * times
    fields.append(tlv(0x30, *entries))
    if extensions:
        fields.append(tlv(0xA0, tlv(0x30, extensions)))
    return tlv(0x30, tlv(0x30, *fields), SHA256_RSA, tlv(3, b"\0" + bytes(64)))


def revoked(*extensions):
    parts = [tlv(2, b"\1"), tlv(0x17, b"250101000000Z")]
    return tlv(0x30, *parts, *([tlv(0x30, *extensions)] if extensions else []))


POINT = tlv(0x30, tlv(0xA0, tlv(0xA0, tlv(0x86, b"http://example.org/"))), tlv(0x81, b"\xff"))
x509_revocation_lists = {
    "empty": revocation_list(),
    "without_end": revocation_list(revoked(), times=1),
    "reason": revocation_list(revoked(extension(CE + b"\x15", tlv(10, b"\1"))), revoked()),
    "number": revocation_list(extensions=extension(CE + b"\x14", tlv(2, b"\7"))),
    "point": revocation_list(revoked(), extensions=extension(CE + b"\x1c", POINT, True)),
    "delta": revocation_list(extensions=extension(CE + b"\x1b", tlv(2, b"\1"), True)),
    "critical": revocation_list(revoked(extension(CE + b"\x1d", b"", True)), extensions=extension(b"\x2a\3", b"", True)),
    "armoured": armoured(b"X509 CRL", revocation_list(revoked())),
    "cut": revocation_list(revoked())[:-20],
}


def isakmp(*payloads, version=0x20, exchange=34, flags=8, after=0):
    """Each payload is (type, body)."""
    kinds = [kind for kind, _ in payloads] + [after]
    chain = b"".join(bytes([kinds[i + 1], 0]) + u16(len(body) + 4) + body for i, (_, body) in enumerate(payloads))
    head = bytes(range(1, 9)) + bytes(8) + bytes([kinds[0], version, exchange, flags]) + u32(0)
    return head + u32(28 + len(chain)) + chain


def parts(bodies, more):
    return b"".join(
        bytes([more if i + 1 < len(bodies) else 0, 0]) + u16(len(body) + 4) + body for i, body in enumerate(bodies)
    )


def ike_proposal(number, transforms, spi=b""):
    return bytes([number, 1, len(spi), len(transforms)]) + spi + parts(transforms, 3)


def ike_transform(kind, id_, bits=None):
    return bytes([kind, 0]) + u16(id_) + (b"\x80\x0e" + u16(bits) if bits else b"")


AEAD = [ike_transform(1, 20, 256), ike_transform(2, 6), ike_transform(4, 20)]
CBC = [ike_transform(1, 12, 256), ike_transform(2, 5), ike_transform(3, 12), ike_transform(4, 14)]
IKE_SA = parts([ike_proposal(1, CBC), ike_proposal(2, AEAD)], 2)
SUITE = bytes([1, 1, 0, 0]) + bytes.fromhex("80010007800e0100800200048004001380030001800b0001000c000400015180")
IKE_V1_SA = u32(1) + u32(1) + parts([ike_proposal(1, [SUITE, SUITE])], 2)
IKE_NOTIFY = bytes([0, 0]) + u16(17) + u16(19)
ike_messages = {
    "sa_init": isakmp((33, IKE_SA), (34, u16(14) + u16(0) + bytes(range(1, 65))), (40, bytes(32)), (43, b"vendor")),
    "sa_init_marked": bytes(4) + isakmp((33, IKE_SA), (34, u16(31) + u16(0) + bytes(32)), (40, bytes(32))),
    "invalid_ke": isakmp((41, IKE_NOTIFY), flags=0x20),
    "cookie": isakmp((41, bytes([0, 0]) + u16(16390) + bytes(20)), (33, IKE_SA)),
    "encrypted": isakmp((46, bytes(40)), exchange=35, after=35),
    "fragment": isakmp((53, u16(1) + u16(3) + bytes(40)), exchange=35, after=35),
    "main_mode": isakmp((1, IKE_V1_SA), (13, bytes(16)), version=0x10, exchange=2, flags=0),
    "main_mode_encrypted": isakmp(version=0x10, exchange=2, flags=1, after=5) + b"",
    "informational_v1": isakmp((11, u32(1) + bytes([1, 0]) + u16(14)), version=0x10, exchange=5, flags=0),
    "proposal_cut": isakmp((33, IKE_SA[:-3])),
    "payload_length_zero": isakmp((43, b""))[:-2] + bytes(2),
    "view_sa": bytes([33]) + IKE_SA,
    "view_sa_v1": bytes([1]) + IKE_V1_SA,
    "view_many_transforms": bytes([33]) + parts([ike_proposal(1, [ike_transform(1, 12)] * 250)] * 5, 2),
}

for target, seeds in {
    "ike_messages": ike_messages,
    "x509_certificate": x509_certificates,
    "x509_file": x509_files,
    "x509_staple": x509_staples,
    "x509_revocation_list": x509_revocation_lists,
    "ssh_messages": messages,
    "ssh_packet": packets,
    "ssh_identification": {**identifications, **strange},
    "handshake_client": client,
    "handshake_server": server,
    "handshake_tls_server": tls_records,
    "tls_messages": tls_messages,
    "tls_records": tls_records,
    "tls_extensions": {name: u16(number) + data for name, (number, data) in EXTENSIONS.items()},
    "tls_other_records": tls_other_records,
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
