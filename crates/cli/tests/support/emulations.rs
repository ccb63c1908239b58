//! Emulations of many parties in this process, which share what is known of all clients.
#![allow(dead_code, reason = "each test binary uses a part of it")]

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::mpsc;
use std::thread::JoinHandle;

use shakedown::{Emulate, Options, Report, Session};

/// They end with this guard.
pub(crate) struct Emulations {
    pub(crate) addresses: Vec<SocketAddr>,
    asking: Vec<tokio::sync::mpsc::UnboundedSender<mpsc::Sender<Report>>>,
    thread: Option<JoinHandle<()>>,
}

impl Emulations {
    /// One of each party, all listening.
    pub(crate) fn start(parties: Vec<String>) -> Self {
        let (asking, asked): (Vec<_>, Vec<_>) =
            parties.iter().map(|_| tokio::sync::mpsc::unbounded_channel::<mpsc::Sender<Report>>()).unzip();
        let (ready, started) = mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
            runtime.block_on(tokio::task::LocalSet::new().run_until(async move {
                // It lives as long as the test: the emulations borrow from it.
                let session: &'static Session =
                    Box::leak(Box::new(Session::new(Options::default()).expect("a session")));
                let mut addresses = Vec::new();
                let mut tasks = Vec::new();
                for (party, mut asked) in parties.into_iter().zip(asked) {
                    let what = Emulate::new(&party, (Ipv4Addr::LOCALHOST, 0).into());
                    let mut one = session.emulate(&what).await.unwrap_or_else(|error| panic!("{party}: {error}"));
                    addresses.push(one.address());
                    tasks.push(tokio::task::spawn_local(async move {
                        while let Some(sender) = asked.recv().await {
                            let Some(heard) = one.next().await else { return };
                            // Whoever asked may have given up.
                            let _ = sender.send(heard.report);
                        }
                    }));
                }
                ready.send(addresses).expect("somebody waits");
                // They end where nobody is left to ask.
                for task in tasks {
                    let _its_panic_is_told = task.await;
                }
            }));
        });
        let addresses = started.recv().expect("they listen");
        Self { addresses, asking, thread: Some(thread) }
    }

    /// What came of the first clients of one of them. Nobody judges those that are not asked for, which takes long.
    pub(crate) fn reports(&self, which: usize, count: usize) -> Vec<Report> {
        let (sender, reports) = mpsc::channel();
        (0..count).for_each(|_| self.asking[which].send(sender.clone()).expect("it listens"));
        drop(sender);
        reports.iter().collect()
    }
}

impl Drop for Emulations {
    fn drop(&mut self) {
        self.asking.clear();
        let _its_panic_is_told = self.thread.take().map(JoinHandle::join);
    }
}
