//! One function a verb.

mod changes;
mod clients;
mod demo;
mod emulate;
mod explain;
mod far;
mod fix;
mod lab;
mod listen;
mod relay;
mod signals;
mod stream;

use anyhow::{Context as _, anyhow};
use clap::CommandFactory;
use shakedown::{Family, IkeVersion, InitiatorOptions, Options, Role, Session};

use crate::arguments::{Arguments, ConnectAddress, Connection, Format, Initiator, Output, Reading, SideArgument, Verb};
use crate::output::{self, Kind};

/// Carries a command line out and gives the exit status.
pub(crate) fn run(arguments: Arguments) -> anyhow::Result<u8> {
    let Arguments { output, command } = arguments;
    match command {
        Verb::Check(check) => {
            let mut options = options(&output, &check.connection, &check.reading)?;
            options.clients = check.clients;
            options.clients.extend(check.initiator.config.clone());
            initiator(&mut options.initiator, check.initiator);
            let session = Session::new(options)?;
            let report = block_on(session.check(&check.target))??;
            output::end_progress(&output);
            output::report(report, &session, &output, Kind::Diagnosis)
        }
        Verb::Explain(arguments) => explain::run(arguments, &output),
        Verb::Negotiate(negotiate) => {
            let options = options(&output, &negotiate.connection, &negotiate.reading)?;
            let session = Session::new(options)?;
            let report = block_on(session.negotiate(&negotiate.client, &negotiate.server))??;
            output::end_progress(&output);
            output::report(report, &session, &output, Kind::Diagnosis)
        }
        Verb::Offer(offer) => {
            let mut options = options(&output, &offer.connection, &offer.reading)?;
            options.side = offer.side.map(|side| match side {
                SideArgument::Client => Role::Client,
                SideArgument::Server => Role::Server,
            });
            let session = Session::new(options)?;
            let report = block_on(session.offer(&offer.party))??;
            output::end_progress(&output);
            output::report(report, &session, &output, Kind::Offer)
        }
        Verb::Fix(arguments) => fix::run(*arguments, &output),
        Verb::Exceptions(arguments) => changes::exceptions(arguments, &output),
        Verb::Guard { state, id } => {
            shakedown::watch_until_confirmed(&state, &id, || {
                // Whoever started this waits for the word; nothing else is ever printed.
                let _nobody_reads = output::print("ready\n");
            })?;
            Ok(0)
        }
        Verb::ServePlan => far::serve(),
        Verb::Cause { code } => cause(code.as_deref(), &output),
        Verb::Listen(arguments) => listen::run(arguments, &output),
        Verb::Relay(arguments) => relay::run(arguments, &output),
        Verb::Emulate(arguments) => emulate::run(arguments, &output),
        Verb::Lab { verb } => lab::run(verb, &output),
        Verb::Demo => demo::run(&output),
        Verb::Completions { shell } => {
            let mut script = Vec::new();
            clap_complete::generate(shell, &mut Arguments::command(), "shakedown", &mut script);
            output::print(&String::from_utf8_lossy(&script))?;
            Ok(0)
        }
        Verb::Manual => {
            output::print(&manual()?)?;
            Ok(0)
        }
        Verb::Schema => {
            output::print(&shakedown::json_schema())?;
            Ok(0)
        }
    }
}

/// Runs the future on a runtime of this thread only.
fn block_on<F: Future>(future: F) -> anyhow::Result<F::Output> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .context("the asynchronous runtime cannot be started")?;
    let result = runtime.block_on(future);
    // A name that is still being looked up must not hold the program back.
    runtime.shutdown_background();
    Ok(result)
}

fn options(output: &Output, connection: &Connection, reading: &Reading) -> anyhow::Result<Options> {
    let mut options = Options::default();
    options.timeout = connection.timeout;
    options.family = match (connection.ipv4, connection.ipv6) {
        (true, _) => Family::V4,
        (_, true) => Family::V6,
        _ => Family::Any,
    };
    options.source = connection.source;
    options.ike_over_tcp = connection.tcp;
    options.server_name = connection.sni.clone();
    options.cacert = connection.cacert.clone();
    options.crls = connection.crl.clone();
    options.certificate = connection.cert.clone();
    options.key = connection.key.clone();
    options.key_passphrase_file = connection.key_passphrase_file.clone();
    options.proxy = connection.proxy.clone();
    options.ssh_config = connection.ssh_config.clone();
    options.connect = addresses(&connection.connect);
    read_as(&mut options, output, reading)?;
    options.progress = output::progress(output);
    Ok(options)
}

fn addresses(named: &[ConnectAddress]) -> Vec<std::net::SocketAddr> {
    let address = |address: &ConnectAddress| match *address {
        ConnectAddress::Socket(socket) => socket,
        // The target's own port.
        ConnectAddress::Address(address) => (address, 0).into(),
    };
    named.iter().map(address).collect()
}

/// How configuration files are read, where no live target is reached by options of the command line.
fn reading_options(output: &Output, reading: &Reading) -> anyhow::Result<Options> {
    let mut options = Options::default();
    read_as(&mut options, output, reading)?;
    Ok(options)
}

fn read_as(options: &mut Options, output: &Output, reading: &Reading) -> anyhow::Result<()> {
    options.host = reading.host.clone();
    if let Some(context) = &reading.context {
        shakedown::parse_context(context, &mut options.context)?;
    }
    options.root = reading.root.clone();
    options.files = reading.file.iter().map(|text| file_option(text)).collect::<anyhow::Result<_>>()?;
    options.allow_exec = reading.allow_exec;
    options.catalog = output.catalog.clone();
    options.now = reading
        .now
        .as_deref()
        .map(|text| {
            text.parse().with_context(|| format!("`{text}` is not a time in RFC 3339, such as `2026-01-31T12:00:00Z`"))
        })
        .transpose()?;
    Ok(())
}

fn initiator(options: &mut InitiatorOptions, arguments: Initiator) {
    let Initiator { config: _, may_disturb_live_tunnel, psk_file, id, remote_id, ts, real_ts, ike_version } = arguments;
    options.may_disturb_live_tunnel = may_disturb_live_tunnel;
    options.psk_file = psk_file;
    options.identity = id;
    options.remote_identity = remote_id;
    options.selectors = ts;
    options.real_selectors = real_ts;
    options.version = ike_version.map(|version| if version == "1" { IkeVersion::V1 } else { IkeVersion::V2 });
}

fn file_option(text: &str) -> anyhow::Result<(Role, String, String)> {
    let wrong = || {
        anyhow!("`{}` is not a file option: write `client:PRODUCT=PATH` or `server:PRODUCT=PATH`", text.escape_debug())
    };
    let (role, rest) = text.split_once(':').ok_or_else(wrong)?;
    let (product, path) = rest.split_once('=').ok_or_else(wrong)?;
    let role = match role {
        "client" => Role::Client,
        "server" => Role::Server,
        _ => return Err(wrong()),
    };
    Ok((role, product.to_owned(), path.to_owned()))
}

fn cause(code: Option<&str>, output: &Output) -> anyhow::Result<u8> {
    let text = match (code, output.format) {
        (Some(code), Format::Text | Format::Handoff) => {
            shakedown::report::cause_page(shakedown::cause(code)?.text, &output::text_options(output, None))
        }
        (Some(code), Format::Markdown) => shakedown::cause(code)?.text.to_owned(),
        (Some(code), Format::Json | Format::Sarif) => {
            let page = shakedown::cause(code)?;
            let value = serde_json::json!({"schema": "shakedown/1", "command": "cause", "cause": page.code, "title": page.title, "page": page.text});
            format!("{value:#}\n")
        }
        (None, Format::Json | Format::Sarif) => {
            let causes: Vec<_> = shakedown::causes()
                .iter()
                .map(|page| serde_json::json!({"cause": page.code, "title": page.title}))
                .collect();
            format!("{:#}\n", serde_json::json!({"schema": "shakedown/1", "command": "cause", "causes": causes}))
        }
        (None, _) => {
            let width = shakedown::causes().iter().map(|page| page.code.len()).max().unwrap_or(0);
            shakedown::causes().iter().map(|page| format!("{:width$}  {}\n", page.code, page.title)).collect()
        }
    };
    output::print(&text)?;
    Ok(0)
}

/// The manual page of the command and its verbs, in roff.
fn manual() -> anyhow::Result<String> {
    let mut page = Vec::new();
    let mut command = Arguments::command();
    command.build();
    clap_mangen::Man::new(command.clone()).render(&mut page).context("the manual page cannot be made")?;
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set()) {
        clap_mangen::Man::new(verb.clone()).render(&mut page).context("the manual page cannot be made")?;
    }
    String::from_utf8(page).context("the manual page is not text")
}
