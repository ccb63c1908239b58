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
complete -c shakedown -n "__fish_shakedown_needs_command" -f -a "cause" -d 'Print the page of a cause, or list the causes'
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
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l cert -d 'TLS: show this certificate to a server that asks for one: PEM, your own first, then the intermediate ones. Without `--key` the file holds the private key too. Whether the server lets it in is proved by a whole handshake; a web server (`https`) is sent one request besides, because some refuse a certificate only in their answer' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l key -d 'TLS: the private key of `--cert`: PEM, without a passphrase. It is read from the file, signs the handshake, and is neither printed nor kept' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l proxy -d 'TLS: go through this proxy' -r
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -l source -d 'Connect from this local address' -r
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
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -s 4 -d 'IPv4 only'
complete -c shakedown -n "__fish_shakedown_using_subcommand check" -s 6 -d 'IPv6 only'
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
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l cert -d 'TLS: show this certificate to a server that asks for one: PEM, your own first, then the intermediate ones. Without `--key` the file holds the private key too. Whether the server lets it in is proved by a whole handshake; a web server (`https`) is sent one request besides, because some refuse a certificate only in their answer' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand negotiate" -l key -d 'TLS: the private key of `--cert`: PEM, without a passphrase. It is read from the file, signs the handshake, and is neither printed nor kept' -r -F
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
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l cert -d 'TLS: show this certificate to a server that asks for one: PEM, your own first, then the intermediate ones. Without `--key` the file holds the private key too. Whether the server lets it in is proved by a whole handshake; a web server (`https`) is sent one request besides, because some refuse a certificate only in their answer' -r -F
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l key -d 'TLS: the private key of `--cert`: PEM, without a passphrase. It is read from the file, signs the handshake, and is neither printed nor kept' -r -F
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
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -s 4 -d 'IPv4 only'
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -s 6 -d 'IPv6 only'
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l allow-exec -d 'Let `Match exec` of a configuration run its command'
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l redact -d 'Replace hosts, addresses, users, paths and fingerprints by stable placeholders'
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -s v -l verbose -d 'Show more: the trace of the negotiation, the evidence, every list in full'
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -l allow-weaker -d 'Show the weaker fixes too, not only that they exist'
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -s q -l quiet -d 'No progress on standard error'
complete -c shakedown -n "__fish_shakedown_using_subcommand offer" -s h -l help -d 'Print help (see more with \'--help\')'
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
