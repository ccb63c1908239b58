# Print an optspec for argparse to handle cmd's options that are independent of any subcommand.
function __fish_shakedown_global_optspecs
    string join \n format= to= redact color= v/verbose allow-weaker q/quiet catalog= h/help V/version
end

function __fish_shakedown_needs_command
    # Figure out if the current invocation already has a command.
    set -l cmd (commandline -opc)
    set -e cmd[1]
    argparse -s (__fish_shakedown_global_optspecs) -- $cmd 2>/dev/null
    or return
    if set -q argv[1]
        # Also print the command, so this can be used to figure out what it is.
        echo $argv[1]
        return 1
    end
    return 0
end

function __fish_shakedown_using_subcommand
    set -l cmd (__fish_shakedown_needs_command)
    test -z "$cmd"
    and return 1
    contains -- $cmd[1] $argv
end

complete -c shakedown -n "__fish_shakedown_needs_command" -l format -d 'How to print the result' -r -f -a "text\t'For people'
json\t'For programs: schema `shakedown/1`'
markdown\t'For tickets'
handoff\t'For the other party\'s ticket: what we offer, what you offer, what to change there'
sarif\t'For code scanning and other readers of SARIF 2.1.0'"
complete -c shakedown -n "__fish_shakedown_needs_command" -l to -d 'Whom `--format handoff` is written for; without it the side at fault' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_needs_command" -l color -d 'Colours: `auto` is on for a terminal without NO_COLOR' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c shakedown -n "__fish_shakedown_needs_command" -l catalog -d 'A folder with rows that overlay the catalog' -r -F
complete -c shakedown -n "__fish_shakedown_needs_command" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_needs_command" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_needs_command" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_needs_command" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_needs_command" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shakedown -n "__fish_shakedown_needs_command" -s V -l version -d 'Print version'
complete -c shakedown -n "__fish_shakedown_needs_command" -f -a "check" -d 'Probe a server, negotiate with the client(s), say why it fails and what to change'
complete -c shakedown -n "__fish_shakedown_needs_command" -f -a "explain" -d 'Say what an error message, a log or a program\'s debug output means'
complete -c shakedown -n "__fish_shakedown_needs_command" -f -a "negotiate" -d 'Run the protocol\'s rules on two parties'
complete -c shakedown -n "__fish_shakedown_needs_command" -f -a "offer" -d 'Print all that a party offers, in order'
complete -c shakedown -n "__fish_shakedown_needs_command" -f -a "fix" -d 'Plan what to change and, with `--apply`, change it, prove it by a new connection, or take it back'
complete -c shakedown -n "__fish_shakedown_needs_command" -f -a "exceptions" -d 'List the weaker fixes that are in force, with the days left; 1 where one is past its date'
complete -c shakedown -n "__fish_shakedown_needs_command" -f -a "guard" -d 'Undo a change unless it is confirmed; started by `fix`'
complete -c shakedown -n "__fish_shakedown_needs_command" -f -a "serve-plan" -d 'Answer the `fix --via` of another machine on standard input and output; started over ssh'
complete -c shakedown -n "__fish_shakedown_needs_command" -f -a "cause" -d 'Print the page of a cause, or list the causes'
complete -c shakedown -n "__fish_shakedown_needs_command" -f -a "listen" -d 'Record what clients offer that are pointed at this machine, and say why they fail at a server'
complete -c shakedown -n "__fish_shakedown_needs_command" -f -a "relay" -d 'Pass connections on to a server, byte for byte, read on the way what both ends offer, and say why they fail'
complete -c shakedown -n "__fish_shakedown_needs_command" -f -a "emulate" -d 'Act as a server of some software, so that a client can be tried against one that is not at hand'
complete -c shakedown -n "__fish_shakedown_needs_command" -f -a "lab" -d 'Run a fault on loopback and learn from it: what the real client says, the cause, the fix, and the proof'
complete -c shakedown -n "__fish_shakedown_needs_command" -f -a "demo" -d 'A legacy server on loopback: found, explained, fixed and proved'
complete -c shakedown -n "__fish_shakedown_needs_command" -f -a "completions" -d 'Print a completion script for a shell'
complete -c shakedown -n "__fish_shakedown_needs_command" -f -a "manual" -d 'Print the manual page'
complete -c shakedown -n "__fish_shakedown_needs_command" -f -a "schema" -d 'Print the JSON Schema of `--format json`'
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l as -d 'Put this client in the place of this machine\'s own; may be repeated. `all` stands alone: a table of every known client' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l timeout -d 'The total deadline for one target, such as `10s`, `500ms`, `1m`' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l connect -d 'Connect to this address instead of those of the name; may be repeated' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -s F -l ssh-config -d 'Read this file instead of your own ssh configuration, as `ssh -F` does; `none` for none' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l sni -d 'TLS: send this server name instead of the target\'s; `none` for none' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l cacert -d 'TLS: trust these authorities (PEM) instead of this machine\'s' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l crl -d 'TLS: look certificates up in these revocation lists (CRL, PEM or DER), as `curl --crlfile` does; may be repeated' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l cert -d 'TLS: show this certificate to a server that asks for one: PEM, your own first, then the intermediate ones. Without `--key` the file holds the private key too. Whether the server lets it in is proved by a whole handshake; a web server (`https`) is sent one request besides, because some refuse a certificate only in their answer' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l key -d 'TLS: the private key of `--cert`: PEM. It is read from the file, signs the handshake, and is neither printed nor kept' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l key-passphrase-file -d 'The file whose first line is the passphrase of the private key. Without it the passphrase comes from SHAKEDOWN_KEY_PASSPHRASE in the environment. It is never printed' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l proxy -d 'TLS: go through this proxy' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l source -d 'Connect from this local address' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l config -d 'Be the initiator of this configuration: `swanctl.conf`, `ipsec.conf`, or `FILE#CONNECTION`. The same as `--as FILE`' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l psk-file -d 'The file with the pre-shared key; `0x` and `0s` begin hexadecimal and Base64, as in `swanctl.conf`. Without it the key comes from SHAKEDOWN_PSK in the environment, else from the configuration\'s own secrets. It is never printed' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l id -d 'Who this end is: a name, an address, a mail address, or `C=CH, CN=gw`' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l remote-id -d 'Who the responder has to be' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l ts -d 'Ask for a tunnel between these networks: `10.1.0.0/24=10.2.0.0/24`, several with commas' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l ike-version -d 'The version of IKE to speak where no configuration is named; a configuration says it itself. Of IKEv1 main mode and quick mode with a pre-shared key are gone through; of aggressive mode only the first message is sent' -r -f -a "1\t''
2\t''"
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l host -d 'The target name that `Host` and `Match` of a client\'s file see' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l context -d 'What `Match` of a server\'s file sees, as for `sshd -C`: `user=,addr=,lport=`' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l root -d 'The folder that stands for `/` for `Include` and key files of a foreign configuration' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l file -d 'A further file of a party: `client|server:PRODUCT=PATH`; may be repeated' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l now -d 'The time to judge by, in RFC 3339' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l format -d 'How to print the result' -r -f -a "text\t'For people'
json\t'For programs: schema `shakedown/1`'
markdown\t'For tickets'
handoff\t'For the other party\'s ticket: what we offer, what you offer, what to change there'
sarif\t'For code scanning and other readers of SARIF 2.1.0'"
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l to -d 'Whom `--format handoff` is written for; without it the side at fault' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l color -d 'Colours: `auto` is on for a terminal without NO_COLOR' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l catalog -d 'A folder with rows that overlay the catalog' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l tcp -d 'IKE: speak over TCP (RFC 9329) in the place of UDP, to port 4500 unless the target names another. IKEv1 has no such form'
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -s 4 -d 'IPv4 only'
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -s 6 -d 'IPv6 only'
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l may-disturb-live-tunnel -d 'Go on to IKE_AUTH and the first CHILD SA, prove who this end is, and delete it all again. Without this nothing is sent after IKE_SA_INIT. A responder that keeps one IKE SA for each identity may drop a tunnel that is up with the same identity: strongSwan where `unique` is `replace`, which is the default of `ipsec.conf` (`uniqueids = yes`) and not of `swanctl.conf`; libreswan with `uniqueids = yes`. INITIAL_CONTACT, which asks for just that, is never sent'
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l real-ts -d 'Ask for the configuration\'s own networks. Otherwise the tunnel is for networks of documentation (192.0.2.0/24 and 198.51.100.0/24), so that nobody\'s traffic is taken into it'
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l allow-exec -d 'Let `Match exec` of a configuration run its command'
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shakedown -n "__fish_shakedown_using_subcommand explain" -l client -d 'A text that the client wrote; with `--server`, what both say of one connection is put together. May be repeated' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand explain" -l server -d 'A text that the server wrote; may be repeated' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand explain" -l known -d 'A peer that matters, by name, address or network; what it meets comes first. May be repeated' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand explain" -l format -d 'How to print the result' -r -f -a "text\t'For people'
json\t'For programs: schema `shakedown/1`'
markdown\t'For tickets'
handoff\t'For the other party\'s ticket: what we offer, what you offer, what to change there'
sarif\t'For code scanning and other readers of SARIF 2.1.0'"
complete -c shakedown -n "__fish_shakedown_using_subcommand explain" -l to -d 'Whom `--format handoff` is written for; without it the side at fault' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_using_subcommand explain" -l color -d 'Colours: `auto` is on for a terminal without NO_COLOR' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c shakedown -n "__fish_shakedown_using_subcommand explain" -l catalog -d 'A folder with rows that overlay the catalog' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand explain" -l watch -d 'Follow the growing FILE, through rotation and from when it is there, and report each new incident some seconds after its last line, until Ctrl-C; with `--format json`, one document a line. Several files are followed each by itself. Peers that never succeeded, in a log that many such knock at, are only counted'
complete -c shakedown -n "__fish_shakedown_using_subcommand explain" -l from-start -d 'With `--watch`, report also what the file holds already; else that only tells which peers succeeded before'
complete -c shakedown -n "__fish_shakedown_using_subcommand explain" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_using_subcommand explain" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_using_subcommand explain" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_using_subcommand explain" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_using_subcommand explain" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l timeout -d 'The total deadline for one target, such as `10s`, `500ms`, `1m`' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l connect -d 'Connect to this address instead of those of the name; may be repeated' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -s F -l ssh-config -d 'Read this file instead of your own ssh configuration, as `ssh -F` does; `none` for none' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l sni -d 'TLS: send this server name instead of the target\'s; `none` for none' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l cacert -d 'TLS: trust these authorities (PEM) instead of this machine\'s' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l crl -d 'TLS: look certificates up in these revocation lists (CRL, PEM or DER), as `curl --crlfile` does; may be repeated' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l cert -d 'TLS: show this certificate to a server that asks for one: PEM, your own first, then the intermediate ones. Without `--key` the file holds the private key too. Whether the server lets it in is proved by a whole handshake; a web server (`https`) is sent one request besides, because some refuse a certificate only in their answer' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l key -d 'TLS: the private key of `--cert`: PEM. It is read from the file, signs the handshake, and is neither printed nor kept' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l key-passphrase-file -d 'The file whose first line is the passphrase of the private key. Without it the passphrase comes from SHAKEDOWN_KEY_PASSPHRASE in the environment. It is never printed' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l proxy -d 'TLS: go through this proxy' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l source -d 'Connect from this local address' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l host -d 'The target name that `Host` and `Match` of a client\'s file see' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l context -d 'What `Match` of a server\'s file sees, as for `sshd -C`: `user=,addr=,lport=`' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l root -d 'The folder that stands for `/` for `Include` and key files of a foreign configuration' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l file -d 'A further file of a party: `client|server:PRODUCT=PATH`; may be repeated' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l now -d 'The time to judge by, in RFC 3339' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l format -d 'How to print the result' -r -f -a "text\t'For people'
json\t'For programs: schema `shakedown/1`'
markdown\t'For tickets'
handoff\t'For the other party\'s ticket: what we offer, what you offer, what to change there'
sarif\t'For code scanning and other readers of SARIF 2.1.0'"
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l to -d 'Whom `--format handoff` is written for; without it the side at fault' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l color -d 'Colours: `auto` is on for a terminal without NO_COLOR' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l catalog -d 'A folder with rows that overlay the catalog' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l tcp -d 'IKE: speak over TCP (RFC 9329) in the place of UDP, to port 4500 unless the target names another. IKEv1 has no such form'
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -s 4 -d 'IPv4 only'
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -s 6 -d 'IPv6 only'
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l allow-exec -d 'Let `Match exec` of a configuration run its command'
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l side -d 'Which role, where the party could have both' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l timeout -d 'The total deadline for one target, such as `10s`, `500ms`, `1m`' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l connect -d 'Connect to this address instead of those of the name; may be repeated' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -s F -l ssh-config -d 'Read this file instead of your own ssh configuration, as `ssh -F` does; `none` for none' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l sni -d 'TLS: send this server name instead of the target\'s; `none` for none' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l cacert -d 'TLS: trust these authorities (PEM) instead of this machine\'s' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l crl -d 'TLS: look certificates up in these revocation lists (CRL, PEM or DER), as `curl --crlfile` does; may be repeated' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l cert -d 'TLS: show this certificate to a server that asks for one: PEM, your own first, then the intermediate ones. Without `--key` the file holds the private key too. Whether the server lets it in is proved by a whole handshake; a web server (`https`) is sent one request besides, because some refuse a certificate only in their answer' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l key -d 'TLS: the private key of `--cert`: PEM. It is read from the file, signs the handshake, and is neither printed nor kept' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l key-passphrase-file -d 'The file whose first line is the passphrase of the private key. Without it the passphrase comes from SHAKEDOWN_KEY_PASSPHRASE in the environment. It is never printed' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l proxy -d 'TLS: go through this proxy' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l source -d 'Connect from this local address' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l host -d 'The target name that `Host` and `Match` of a client\'s file see' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l context -d 'What `Match` of a server\'s file sees, as for `sshd -C`: `user=,addr=,lport=`' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l root -d 'The folder that stands for `/` for `Include` and key files of a foreign configuration' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l file -d 'A further file of a party: `client|server:PRODUCT=PATH`; may be repeated' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l now -d 'The time to judge by, in RFC 3339' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l format -d 'How to print the result' -r -f -a "text\t'For people'
json\t'For programs: schema `shakedown/1`'
markdown\t'For tickets'
handoff\t'For the other party\'s ticket: what we offer, what you offer, what to change there'
sarif\t'For code scanning and other readers of SARIF 2.1.0'"
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l to -d 'Whom `--format handoff` is written for; without it the side at fault' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l color -d 'Colours: `auto` is on for a terminal without NO_COLOR' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l catalog -d 'A folder with rows that overlay the catalog' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l tcp -d 'IKE: speak over TCP (RFC 9329) in the place of UDP, to port 4500 unless the target names another. IKEv1 has no such form'
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -s 4 -d 'IPv4 only'
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -s 6 -d 'IPv6 only'
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l allow-exec -d 'Let `Match exec` of a configuration run its command'
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l as -d 'Put this client in the place of this machine\'s own; may be repeated' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l seen-in -d 'A log of the server, or offers that `listen --format json` has printed: the clients seen there are computed with every change, and a fix says which of them it would cut off or let in. What cuts one off is not applied. May be repeated. With `--via`, a file of the other machine, which is read there' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l apply -d 'Make the change, prove it, and take it back if that fails; with a file, the plan that `--save` has written, if all its files are as they were' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l fix -d 'Which fix, counted from 1 in the order of the report; else the first safe one that edits a file named here' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l save -d 'Write the plan to a file, for somebody else to look at and for `--apply PLAN` later; nothing is changed' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l reason -d 'Why a weaker fix is needed; it stands in the file and in the journal' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l until -d 'The last day of a weaker fix, such as `2026-12-31`; after it `exceptions` warns and `--expire` removes it' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l confirm-within -d 'Undo the change after this time unless `fix --confirm ID` is run, by a process that outlives this session; `never` for not at all. On by default (5m) where the changed sshd carries this session' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l reload -d 'The command that makes the running program read its files again; else its service or process is found and told' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l restart -d 'The command that starts the program again where the reload has ended it' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l state -d 'The folder of the journal: /var/lib/shakedown for root, $XDG_STATE_HOME/shakedown for others' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l via -d 'Read, change and reload on another machine, over your own `ssh` with your own configuration. `TARGET FILE`: TARGET is reached from here, FILE is the server\'s there. `CLIENT TARGET`: CLIENT is a file of that machine, or `local` for its own client, and TARGET is reached, and the change proved, from there. A `shakedown` of the same version has to be on the PATH there. The host key has to be verified. The change is undone after 5m unless `--confirm ID --via ...` is run from here (`--confirm-within`)' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l undo -d 'Take a change back: the old files are put in place, byte for byte, if nobody has changed them since' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l confirm -d 'Keep a change that waits for it' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l timeout -d 'The total deadline for one target, such as `10s`, `500ms`, `1m`' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l connect -d 'Connect to this address instead of those of the name; may be repeated' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -s F -l ssh-config -d 'Read this file instead of your own ssh configuration, as `ssh -F` does; `none` for none' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l sni -d 'TLS: send this server name instead of the target\'s; `none` for none' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l cacert -d 'TLS: trust these authorities (PEM) instead of this machine\'s' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l crl -d 'TLS: look certificates up in these revocation lists (CRL, PEM or DER), as `curl --crlfile` does; may be repeated' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l cert -d 'TLS: show this certificate to a server that asks for one: PEM, your own first, then the intermediate ones. Without `--key` the file holds the private key too. Whether the server lets it in is proved by a whole handshake; a web server (`https`) is sent one request besides, because some refuse a certificate only in their answer' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l key -d 'TLS: the private key of `--cert`: PEM. It is read from the file, signs the handshake, and is neither printed nor kept' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l key-passphrase-file -d 'The file whose first line is the passphrase of the private key. Without it the passphrase comes from SHAKEDOWN_KEY_PASSPHRASE in the environment. It is never printed' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l proxy -d 'TLS: go through this proxy' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l source -d 'Connect from this local address' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l host -d 'The target name that `Host` and `Match` of a client\'s file see' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l context -d 'What `Match` of a server\'s file sees, as for `sshd -C`: `user=,addr=,lport=`' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l root -d 'The folder that stands for `/` for `Include` and key files of a foreign configuration' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l file -d 'A further file of a party: `client|server:PRODUCT=PATH`; may be repeated' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l now -d 'The time to judge by, in RFC 3339' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l format -d 'How to print the result' -r -f -a "text\t'For people'
json\t'For programs: schema `shakedown/1`'
markdown\t'For tickets'
handoff\t'For the other party\'s ticket: what we offer, what you offer, what to change there'
sarif\t'For code scanning and other readers of SARIF 2.1.0'"
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l to -d 'Whom `--format handoff` is written for; without it the side at fault' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l color -d 'Colours: `auto` is on for a terminal without NO_COLOR' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l catalog -d 'A folder with rows that overlay the catalog' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l send-binary -d 'With `--via`: send this program where the other machine has none, to a folder of its own that is removed afterwards; only where the operating system and the architecture are the same'
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l via-sudo -d 'With `--via`: run as the superuser there, by `sudo -n`'
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l list -d 'List the changes that were made; 1 where one is unfinished'
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l expire -d 'Take back the weaker fixes that are past their date'
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l tcp -d 'IKE: speak over TCP (RFC 9329) in the place of UDP, to port 4500 unless the target names another. IKEv1 has no such form'
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -s 4 -d 'IPv4 only'
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -s 6 -d 'IPv6 only'
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l allow-exec -d 'Let `Match exec` of a configuration run its command'
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_using_subcommand fix" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shakedown -n "__fish_shakedown_using_subcommand exceptions" -l state -d 'The folder of the journal' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand exceptions" -l via -d 'Those of another machine, over your own `ssh` with your own configuration, as with `fix --via`' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand exceptions" -s F -l ssh-config -d 'With `--via`: read this file instead of your own ssh configuration, as `ssh -F` does; `none` for none' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand exceptions" -l format -d 'How to print the result' -r -f -a "text\t'For people'
json\t'For programs: schema `shakedown/1`'
markdown\t'For tickets'
handoff\t'For the other party\'s ticket: what we offer, what you offer, what to change there'
sarif\t'For code scanning and other readers of SARIF 2.1.0'"
complete -c shakedown -n "__fish_shakedown_using_subcommand exceptions" -l to -d 'Whom `--format handoff` is written for; without it the side at fault' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_using_subcommand exceptions" -l color -d 'Colours: `auto` is on for a terminal without NO_COLOR' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c shakedown -n "__fish_shakedown_using_subcommand exceptions" -l catalog -d 'A folder with rows that overlay the catalog' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand exceptions" -l send-binary -d 'With `--via`: send this program where the other machine has none, to a folder of its own that is removed afterwards; only where the operating system and the architecture are the same'
complete -c shakedown -n "__fish_shakedown_using_subcommand exceptions" -l via-sudo -d 'With `--via`: run as the superuser there, by `sudo -n`'
complete -c shakedown -n "__fish_shakedown_using_subcommand exceptions" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_using_subcommand exceptions" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_using_subcommand exceptions" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_using_subcommand exceptions" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_using_subcommand exceptions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shakedown -n "__fish_shakedown_using_subcommand guard" -l format -d 'How to print the result' -r -f -a "text\t'For people'
json\t'For programs: schema `shakedown/1`'
markdown\t'For tickets'
handoff\t'For the other party\'s ticket: what we offer, what you offer, what to change there'
sarif\t'For code scanning and other readers of SARIF 2.1.0'"
complete -c shakedown -n "__fish_shakedown_using_subcommand guard" -l to -d 'Whom `--format handoff` is written for; without it the side at fault' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_using_subcommand guard" -l color -d 'Colours: `auto` is on for a terminal without NO_COLOR' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c shakedown -n "__fish_shakedown_using_subcommand guard" -l catalog -d 'A folder with rows that overlay the catalog' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand guard" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_using_subcommand guard" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_using_subcommand guard" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_using_subcommand guard" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_using_subcommand guard" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shakedown -n "__fish_shakedown_using_subcommand serve-plan" -l format -d 'How to print the result' -r -f -a "text\t'For people'
json\t'For programs: schema `shakedown/1`'
markdown\t'For tickets'
handoff\t'For the other party\'s ticket: what we offer, what you offer, what to change there'
sarif\t'For code scanning and other readers of SARIF 2.1.0'"
complete -c shakedown -n "__fish_shakedown_using_subcommand serve-plan" -l to -d 'Whom `--format handoff` is written for; without it the side at fault' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_using_subcommand serve-plan" -l color -d 'Colours: `auto` is on for a terminal without NO_COLOR' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c shakedown -n "__fish_shakedown_using_subcommand serve-plan" -l catalog -d 'A folder with rows that overlay the catalog' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand serve-plan" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_using_subcommand serve-plan" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_using_subcommand serve-plan" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_using_subcommand serve-plan" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_using_subcommand serve-plan" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shakedown -n "__fish_shakedown_using_subcommand cause" -l format -d 'How to print the result' -r -f -a "text\t'For people'
json\t'For programs: schema `shakedown/1`'
markdown\t'For tickets'
handoff\t'For the other party\'s ticket: what we offer, what you offer, what to change there'
sarif\t'For code scanning and other readers of SARIF 2.1.0'"
complete -c shakedown -n "__fish_shakedown_using_subcommand cause" -l to -d 'Whom `--format handoff` is written for; without it the side at fault' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_using_subcommand cause" -l color -d 'Colours: `auto` is on for a terminal without NO_COLOR' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c shakedown -n "__fish_shakedown_using_subcommand cause" -l catalog -d 'A folder with rows that overlay the catalog' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand cause" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_using_subcommand cause" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_using_subcommand cause" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_using_subcommand cause" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_using_subcommand cause" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -l port -d 'The port; without it any free one, which is printed' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -l bind -d 'The address to listen on. Clients on other machines reach only what is not loopback' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -l against -d 'The server that each client is negotiated with; clients of SSH are shown its offer' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -l count -d 'End after so many clients that sent an offer' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -l timeout -d 'End after this time, such as `30s`, `10m`; without it at Ctrl-C' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -l starttls -d 'TLS: speak this protocol until the client begins TLS: `smtp`, `lmtp`, `imap`, `pop3`, `ftp`, `ldap`, `xmpp`, `nntp`, `sieve`, `postgres` or `mysql`' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -l host -d 'The target name that `Host` and `Match` of a client\'s file see' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -l context -d 'What `Match` of a server\'s file sees, as for `sshd -C`: `user=,addr=,lport=`' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -l root -d 'The folder that stands for `/` for `Include` and key files of a foreign configuration' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -l file -d 'A further file of a party: `client|server:PRODUCT=PATH`; may be repeated' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -l now -d 'The time to judge by, in RFC 3339' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -l format -d 'How to print the result' -r -f -a "text\t'For people'
json\t'For programs: schema `shakedown/1`'
markdown\t'For tickets'
handoff\t'For the other party\'s ticket: what we offer, what you offer, what to change there'
sarif\t'For code scanning and other readers of SARIF 2.1.0'"
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -l to -d 'Whom `--format handoff` is written for; without it the side at fault' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -l color -d 'Colours: `auto` is on for a terminal without NO_COLOR' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -l catalog -d 'A folder with rows that overlay the catalog' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -l silent -d 'IKE: do not answer. Without it an initiator is told NO_PROPOSAL_CHOSEN, so that it ends at once'
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -l allow-exec -d 'Let `Match exec` of a configuration run its command'
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_using_subcommand listen" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -l port -d 'The port to listen on; without it any free one, which is printed' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -l bind -d 'The address to listen on. Clients on other machines reach only what is not loopback' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -l count -d 'End after so many clients, once their connections are over. Who connects and says nothing is not counted' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -l proxy -d 'Go through this proxy: `http://HOST:PORT` (CONNECT) or `socks5://HOST:PORT`' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -l timeout -d 'The deadline for asking such a server' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -l connect -d 'Connect to this address instead of those of the name; may be repeated' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -l source -d 'Connect from this local address' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -l cacert -d 'TLS: the authorities that certificates are judged by, in PEM, instead of this machine\'s' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -s F -l ssh-config -d 'Read this file instead of your own ssh configuration for the names of known_hosts files; `none` for none' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -l format -d 'How to print the result' -r -f -a "text\t'For people'
json\t'For programs: schema `shakedown/1`'
markdown\t'For tickets'
handoff\t'For the other party\'s ticket: what we offer, what you offer, what to change there'
sarif\t'For code scanning and other readers of SARIF 2.1.0'"
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -l to -d 'Whom `--format handoff` is written for; without it the side at fault' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -l color -d 'Colours: `auto` is on for a terminal without NO_COLOR' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -l catalog -d 'A folder with rows that overlay the catalog' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -l no-probe -d 'Open no connections of this program\'s own: a server of TLS that turns a client away is not asked for the reason'
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -s 4 -d 'IPv4 only'
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -s 6 -d 'IPv6 only'
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_using_subcommand relay" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -l port -d 'The port; without it any free one, which is printed' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -l bind -d 'The address to listen on. Clients on other machines reach only what is not loopback' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -l psk-file -d 'IKE: the file with the pre-shared key by which initiators are let in, up to the first CHILD SA; `0x` and `0s` begin hexadecimal and Base64, as in `swanctl.conf`. Without it the key comes from SHAKEDOWN_PSK in the environment, else from the configuration\'s own secrets. It is never printed' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -l protocol -d 'The protocol, where the party could have several' -r -f -a "ssh\t'SSH'
tls\t'TLS, from the first byte or by STARTTLS'
ike\t'IKE of both versions, over UDP'"
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -l count -d 'End after so many clients that sent an offer' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -l timeout -d 'End after this time, such as `30s`, `10m`; without it at Ctrl-C' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -l host -d 'The target name that `Host` and `Match` of a client\'s file see' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -l context -d 'What `Match` of a server\'s file sees, as for `sshd -C`: `user=,addr=,lport=`' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -l root -d 'The folder that stands for `/` for `Include` and key files of a foreign configuration' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -l file -d 'A further file of a party: `client|server:PRODUCT=PATH`; may be repeated' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -l now -d 'The time to judge by, in RFC 3339' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -l format -d 'How to print the result' -r -f -a "text\t'For people'
json\t'For programs: schema `shakedown/1`'
markdown\t'For tickets'
handoff\t'For the other party\'s ticket: what we offer, what you offer, what to change there'
sarif\t'For code scanning and other readers of SARIF 2.1.0'"
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -l to -d 'Whom `--format handoff` is written for; without it the side at fault' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -l color -d 'Colours: `auto` is on for a terminal without NO_COLOR' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -l catalog -d 'A folder with rows that overlay the catalog' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -l as-client -d 'Be the client: connect to TARGET with the offer of PARTY, exchange keys, and say what came out'
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -l allow-exec -d 'Let `Match exec` of a configuration run its command'
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_using_subcommand emulate" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and not __fish_seen_subcommand_from list run" -l format -d 'How to print the result' -r -f -a "text\t'For people'
json\t'For programs: schema `shakedown/1`'
markdown\t'For tickets'
handoff\t'For the other party\'s ticket: what we offer, what you offer, what to change there'
sarif\t'For code scanning and other readers of SARIF 2.1.0'"
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and not __fish_seen_subcommand_from list run" -l to -d 'Whom `--format handoff` is written for; without it the side at fault' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and not __fish_seen_subcommand_from list run" -l color -d 'Colours: `auto` is on for a terminal without NO_COLOR' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and not __fish_seen_subcommand_from list run" -l catalog -d 'A folder with rows that overlay the catalog' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and not __fish_seen_subcommand_from list run" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and not __fish_seen_subcommand_from list run" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and not __fish_seen_subcommand_from list run" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and not __fish_seen_subcommand_from list run" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and not __fish_seen_subcommand_from list run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and not __fish_seen_subcommand_from list run" -f -a "list" -d 'The scenarios, with what is missing here for them'
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and not __fish_seen_subcommand_from list run" -f -a "run" -d 'Run one, or `all`'
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and __fish_seen_subcommand_from list" -l format -d 'How to print the result' -r -f -a "text\t'For people'
json\t'For programs: schema `shakedown/1`'
markdown\t'For tickets'
handoff\t'For the other party\'s ticket: what we offer, what you offer, what to change there'
sarif\t'For code scanning and other readers of SARIF 2.1.0'"
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and __fish_seen_subcommand_from list" -l to -d 'Whom `--format handoff` is written for; without it the side at fault' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and __fish_seen_subcommand_from list" -l color -d 'Colours: `auto` is on for a terminal without NO_COLOR' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and __fish_seen_subcommand_from list" -l catalog -d 'A folder with rows that overlay the catalog' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and __fish_seen_subcommand_from list" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and __fish_seen_subcommand_from list" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and __fish_seen_subcommand_from list" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and __fish_seen_subcommand_from list" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and __fish_seen_subcommand_from list" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and __fish_seen_subcommand_from run" -l format -d 'How to print the result' -r -f -a "text\t'For people'
json\t'For programs: schema `shakedown/1`'
markdown\t'For tickets'
handoff\t'For the other party\'s ticket: what we offer, what you offer, what to change there'
sarif\t'For code scanning and other readers of SARIF 2.1.0'"
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and __fish_seen_subcommand_from run" -l to -d 'Whom `--format handoff` is written for; without it the side at fault' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and __fish_seen_subcommand_from run" -l color -d 'Colours: `auto` is on for a terminal without NO_COLOR' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and __fish_seen_subcommand_from run" -l catalog -d 'A folder with rows that overlay the catalog' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and __fish_seen_subcommand_from run" -l keep -d 'Leave its files, and say where they are'
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and __fish_seen_subcommand_from run" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and __fish_seen_subcommand_from run" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and __fish_seen_subcommand_from run" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and __fish_seen_subcommand_from run" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_using_subcommand lab; and __fish_seen_subcommand_from run" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shakedown -n "__fish_shakedown_using_subcommand demo" -l format -d 'How to print the result' -r -f -a "text\t'For people'
json\t'For programs: schema `shakedown/1`'
markdown\t'For tickets'
handoff\t'For the other party\'s ticket: what we offer, what you offer, what to change there'
sarif\t'For code scanning and other readers of SARIF 2.1.0'"
complete -c shakedown -n "__fish_shakedown_using_subcommand demo" -l to -d 'Whom `--format handoff` is written for; without it the side at fault' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_using_subcommand demo" -l color -d 'Colours: `auto` is on for a terminal without NO_COLOR' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c shakedown -n "__fish_shakedown_using_subcommand demo" -l catalog -d 'A folder with rows that overlay the catalog' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand demo" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_using_subcommand demo" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_using_subcommand demo" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_using_subcommand demo" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_using_subcommand demo" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shakedown -n "__fish_shakedown_using_subcommand completions" -l format -d 'How to print the result' -r -f -a "text\t'For people'
json\t'For programs: schema `shakedown/1`'
markdown\t'For tickets'
handoff\t'For the other party\'s ticket: what we offer, what you offer, what to change there'
sarif\t'For code scanning and other readers of SARIF 2.1.0'"
complete -c shakedown -n "__fish_shakedown_using_subcommand completions" -l to -d 'Whom `--format handoff` is written for; without it the side at fault' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_using_subcommand completions" -l color -d 'Colours: `auto` is on for a terminal without NO_COLOR' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c shakedown -n "__fish_shakedown_using_subcommand completions" -l catalog -d 'A folder with rows that overlay the catalog' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand completions" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_using_subcommand completions" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_using_subcommand completions" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_using_subcommand completions" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_using_subcommand completions" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shakedown -n "__fish_shakedown_using_subcommand manual" -l format -d 'How to print the result' -r -f -a "text\t'For people'
json\t'For programs: schema `shakedown/1`'
markdown\t'For tickets'
handoff\t'For the other party\'s ticket: what we offer, what you offer, what to change there'
sarif\t'For code scanning and other readers of SARIF 2.1.0'"
complete -c shakedown -n "__fish_shakedown_using_subcommand manual" -l to -d 'Whom `--format handoff` is written for; without it the side at fault' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_using_subcommand manual" -l color -d 'Colours: `auto` is on for a terminal without NO_COLOR' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c shakedown -n "__fish_shakedown_using_subcommand manual" -l catalog -d 'A folder with rows that overlay the catalog' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand manual" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_using_subcommand manual" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_using_subcommand manual" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_using_subcommand manual" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_using_subcommand manual" -s h -l help -d 'Print help (see more with \'--help\')'
complete -c shakedown -n "__fish_shakedown_using_subcommand schema" -l format -d 'How to print the result' -r -f -a "text\t'For people'
json\t'For programs: schema `shakedown/1`'
markdown\t'For tickets'
handoff\t'For the other party\'s ticket: what we offer, what you offer, what to change there'
sarif\t'For code scanning and other readers of SARIF 2.1.0'"
complete -c shakedown -n "__fish_shakedown_using_subcommand schema" -l to -d 'Whom `--format handoff` is written for; without it the side at fault' -r -f -a "client\t'The client'
server\t'The server'"
complete -c shakedown -n "__fish_shakedown_using_subcommand schema" -l color -d 'Colours: `auto` is on for a terminal without NO_COLOR' -r -f -a "auto\t'On a terminal'
always\t'Always'
never\t'Never'"
complete -c shakedown -n "__fish_shakedown_using_subcommand schema" -l catalog -d 'A folder with rows that overlay the catalog' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand schema" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_using_subcommand schema" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_using_subcommand schema" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_using_subcommand schema" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_using_subcommand schema" -s h -l help -d 'Print help (see more with \'--help\')'
