//! What tells the program to stop: Ctrl-C, and where there is one the signal to end.

#[cfg(unix)]
pub(in crate::commands) struct Signals {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
impl Signals {
    pub(in crate::commands) fn new() -> std::io::Result<Self> {
        use tokio::signal::unix::{SignalKind, signal};

        Ok(Self { interrupt: signal(SignalKind::interrupt())?, terminate: signal(SignalKind::terminate())? })
    }

    pub(in crate::commands) async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    /// The same, and the signal that ssh ends its `ProxyCommand` with.
    pub(in crate::commands) async fn next_or_hangup(&mut self) {
        use tokio::signal::unix::{SignalKind, signal};

        match signal(SignalKind::hangup()) {
            Ok(mut hangup) => {
                tokio::select! {
                    () = self.next() => {}
                    _ = hangup.recv() => {}
                }
            }
            Err(_) => self.next().await,
        }
    }
}

#[cfg(not(unix))]
pub(in crate::commands) struct Signals;

#[cfg(not(unix))]
impl Signals {
    #[expect(clippy::unnecessary_wraps, reason = "as on other systems")]
    pub(in crate::commands) fn new() -> std::io::Result<Self> {
        Ok(Self)
    }

    pub(in crate::commands) async fn next(&mut self) {
        // Where no signal can be received, it is never told to stop.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }

    pub(in crate::commands) async fn next_or_hangup(&mut self) {
        self.next().await;
    }
}
